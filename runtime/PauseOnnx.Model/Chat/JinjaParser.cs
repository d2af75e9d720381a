namespace PauseOnnx.Model.Chat;

/// <summary>Tokens to a tree: text, outputs and blocks. Everything that is not supported is refused here, by its name.</summary>
internal sealed class JinjaParser
{
    private readonly JinjaTokens _tokens;
    private readonly JinjaExpressionParser _expressions;

    private JinjaParser(List<JinjaToken> tokens)
    {
        _tokens = new JinjaTokens(tokens);
        _expressions = new JinjaExpressionParser(_tokens);
    }

    /// <summary>Parses a whole template.</summary>
    /// <param name="template">With newlines as <c>\n</c>.</param>
    /// <exception cref="JinjaException">The template is not valid, or uses what is not supported.</exception>
    public static List<JinjaNode> Parse(string template) => new JinjaParser(new JinjaLexer(template).Read()).ParseBody([]);

    // Stops before a block that begins with one of the names; the end of the template only where none is waited for.
    private List<JinjaNode> ParseBody(string[] ends)
    {
        _tokens.CheckDepth();
        var nodes = new List<JinjaNode>();
        while (true)
        {
            var token = _tokens.Current;
            if (token.Kind == JinjaTokenKind.End)
            {
                return ends.Length == 0 ? nodes : throw new JinjaException($"The template ends; expected '{{% {ends[^1]} %}}'", token.Position);
            }

            if (token.Kind == JinjaTokenKind.BlockBegin && ends.Contains(_tokens.Next.Text))
            {
                return nodes;
            }

            nodes.Add(token.Kind switch
            {
                JinjaTokenKind.Text => new JinjaText(token.Position, _tokens.Take().Text),
                JinjaTokenKind.OutputBegin => ParseOutput(),
                _ => ParseBlock(),
            });
        }
    }

    private JinjaOutput ParseOutput()
    {
        var position = _tokens.Take().Position;
        var value = _expressions.ParseTuple();
        _tokens.Take(JinjaTokenKind.OutputEnd, "'}}'");
        return new JinjaOutput(position, value);
    }

    private JinjaNode ParseBlock()
    {
        _tokens.Take();
        var name = _tokens.Take(JinjaTokenKind.Name, "the name of a block");
        return name.Text switch
        {
            "if" => ParseIf(name.Position),
            "for" => ParseFor(name.Position),
            "set" => ParseSet(name.Position),
            "generation" => ParseGeneration(name.Position),
            "elif" or "else" or "endif" or "endfor" or "endset" or "endgeneration" =>
                throw new JinjaException($"Block '{{% {name.Text} %}}' ends nothing that is open", name.Position),
            _ => throw new JinjaException($"Block '{{% {name.Text} %}}' is not supported; expected if, for, set or generation", name.Position),
        };
    }

    private JinjaIf ParseIf(int position)
    {
        var branches = new List<(JinjaNode? Condition, List<JinjaNode> Body)>();
        for (var name = "if"; name != "endif";)
        {
            var condition = name == "else" ? null : _expressions.ParseTuple();
            EndBlock();
            branches.Add((condition, ParseBody(name == "else" ? ["endif"] : ["elif", "else", "endif"])));
            name = BeginBlock();
        }

        EndBlock();
        return new JinjaIf(position, branches);
    }

    private JinjaFor ParseFor(int position)
    {
        var targets = new List<string>();
        do
        {
            targets.Add(_tokens.Take(JinjaTokenKind.Name, "a variable").Text);
        }
        while (_tokens.TryTake(","));

        _tokens.Take("in");
        var items = _expressions.ParseWithoutCondition();
        var condition = _tokens.TryTake("if") ? _expressions.Parse() : null;
        if (_tokens.Current.Is("recursive"))
        {
            throw new JinjaException("'recursive' loops are not supported", _tokens.Current.Position);
        }

        EndBlock();
        var (body, otherwise) = (ParseBody(["else", "endfor"]), new List<JinjaNode>());
        if (BeginBlock() == "else")
        {
            EndBlock();
            otherwise = ParseBody(["endfor"]);
            BeginBlock();
        }

        EndBlock();
        return new JinjaFor(position, targets, items, condition, body, otherwise);
    }

    private JinjaNode ParseSet(int position)
    {
        var name = _tokens.Take(JinjaTokenKind.Name, "a variable").Text;
        var attribute = _tokens.TryTake(".") ? _tokens.Take(JinjaTokenKind.Name, "an attribute").Text : null;
        if (attribute is null && _tokens.Current.Kind == JinjaTokenKind.BlockEnd)
        {
            EndBlock();
            var body = ParseBody(["endset"]);
            BeginBlock();
            EndBlock();
            return new JinjaSetBlock(position, name, body);
        }

        _tokens.Take("=");
        var value = _expressions.ParseTuple();
        EndBlock();
        return new JinjaSet(position, name, attribute, value);
    }

    // Hugging Face's own: marks the answers for training, and renders what is in it.
    private JinjaIf ParseGeneration(int position)
    {
        EndBlock();
        var body = ParseBody(["endgeneration"]);
        BeginBlock();
        EndBlock();
        return new JinjaIf(position, [(null, body)]);
    }

    private string BeginBlock()
    {
        _tokens.Take();
        return _tokens.Take().Text;
    }

    private void EndBlock() => _tokens.Take(JinjaTokenKind.BlockEnd, "'%}'");
}
