using System.Globalization;

namespace PauseOnnx.Model.Chat;

/// <summary>
/// Expressions, from the weakest operator to the strongest: <c>if else</c>, or, and, not, comparisons, <c>+ -</c>, <c>~</c>,
/// <c>* / // %</c>, signs, then what follows a value.
/// </summary>
/// <param name="tokens">What to parse; shared with the parser of blocks.</param>
internal sealed class JinjaExpressionParser(JinjaTokens tokens)
{
    private static readonly string[] Comparisons = ["==", "!=", "<", "<=", ">", ">=", "in"];

    /// <summary>One expression.</summary>
    public JinjaNode Parse()
    {
        tokens.CheckDepth();
        var value = ParseOr();
        while (tokens.Current.Is("if"))
        {
            var position = tokens.Take().Position;
            var condition = ParseOr();
            value = new JinjaConditional(position, condition, value, tokens.TryTake("else") ? Parse() : null);
        }

        return value;
    }

    /// <summary>What a loop runs over: an <c>if</c> after it belongs to the loop.</summary>
    public JinjaNode ParseWithoutCondition() => ParseOr();

    /// <summary>One expression, or several with commas between, which make a list.</summary>
    public JinjaNode ParseTuple()
    {
        var first = Parse();
        if (!tokens.Current.Is(","))
        {
            return first;
        }

        var items = new List<JinjaNode> { first };
        while (tokens.TryTake(","))
        {
            items.Add(Parse());
        }

        return new JinjaList(first.Position, items);
    }

    private JinjaNode ParseOr() => ParseBinary(ParseAnd, "or");

    private JinjaNode ParseAnd() => ParseBinary(ParseNot, "and");

    private JinjaNode ParseNot()
    {
        tokens.CheckDepth();
        var position = tokens.Current.Position;
        return tokens.TryTake("not") ? new JinjaUnary(position, "not", ParseNot()) : ParseCompare();
    }

    private JinjaNode ParseCompare()
    {
        var first = ParseSum();
        var rest = new List<(string, JinjaNode)>();
        while (true)
        {
            if (tokens.Current.Is("not") && tokens.Next.Is("in"))
            {
                tokens.Take();
                tokens.Take();
                rest.Add(("not in", ParseSum()));
            }
            else if (Comparisons.FirstOrDefault(tokens.TryTake) is { } comparison)
            {
                rest.Add((comparison, ParseSum()));
            }
            else
            {
                return rest.Count == 0 ? first : new JinjaCompare(first.Position, first, rest);
            }
        }
    }

    private JinjaNode ParseSum() => ParseBinary(ParseConcatenation, "+", "-");

    private JinjaNode ParseConcatenation() => ParseBinary(ParseProduct, "~");

    private JinjaNode ParseProduct() => ParseBinary(() => ParseUnary(withFilters: true), "*", "//", "/", "%");

    private JinjaNode ParseBinary(Func<JinjaNode> parseOperand, params string[] operators)
    {
        var left = parseOperand();
        while (true)
        {
            var position = tokens.Current.Position;
            if (operators.FirstOrDefault(tokens.TryTake) is not { } found)
            {
                return left;
            }

            left = new JinjaBinary(position, found, left, parseOperand());
        }
    }

    private JinjaNode ParseUnary(bool withFilters)
    {
        tokens.CheckDepth();
        var token = tokens.Current;
        var value = token.Is("-") || token.Is("+")
            ? new JinjaUnary(tokens.Take().Position, token.Text, ParseUnary(withFilters: false))
            : ParsePostfix(ParsePrimary());
        return withFilters ? ParseFilters(value) : value;
    }

    private JinjaNode ParsePrimary()
    {
        var token = tokens.Take();
        return token.Kind switch
        {
            JinjaTokenKind.Name when tokens.Current.Is("(") => ParseFunction(token),
            JinjaTokenKind.Name => ParseName(token),
            JinjaTokenKind.String => ParseStrings(token),
            JinjaTokenKind.Integer => new JinjaLiteral(token.Position, long.TryParse(token.Text, CultureInfo.InvariantCulture, out var number)
                ? number
                : throw new JinjaException($"{token} is too large for an integer", token.Position)),
            JinjaTokenKind.Float => new JinjaLiteral(token.Position, double.Parse(token.Text, CultureInfo.InvariantCulture)),
            JinjaTokenKind.Operator when token.Text == "(" => ParseParentheses(token),
            JinjaTokenKind.Operator when token.Text == "[" => new JinjaList(token.Position, ParseItems("]", Parse)),
            JinjaTokenKind.Operator when token.Text == "{" =>
                new JinjaDictionary(token.Position, ParseItems("}", () => (Parse(), ParseAfter(":"))), IsNamespace: false),
            _ => throw new JinjaException($"Found {token}; expected a value", token.Position),
        };
    }

    private static JinjaNode ParseName(JinjaToken token) => token.Text switch
    {
        "true" or "True" => new JinjaLiteral(token.Position, true),
        "false" or "False" => new JinjaLiteral(token.Position, false),
        "none" or "None" => new JinjaLiteral(token.Position, null),
        "if" or "else" or "elif" or "in" or "is" or "and" or "or" or "not" => throw new JinjaException($"Found {token}; expected a value", token.Position),
        _ => new JinjaName(token.Position, token.Text),
    };

    // Strings one after the other are one.
    private JinjaLiteral ParseStrings(JinjaToken token)
    {
        var parts = new List<string> { token.Text };
        while (tokens.Current.Kind == JinjaTokenKind.String)
        {
            parts.Add(tokens.Take().Text);
        }

        return new JinjaLiteral(token.Position, string.Concat(parts));
    }

    private JinjaNode ParseParentheses(JinjaToken open)
    {
        if (tokens.TryTake(")"))
        {
            return new JinjaList(open.Position, []);
        }

        var first = Parse();
        if (tokens.TryTake(")"))
        {
            return first;
        }

        tokens.Take(",");
        return new JinjaList(open.Position, [first, .. ParseItems(")", Parse)]);
    }

    private List<T> ParseItems<T>(string close, Func<T> parse)
    {
        var items = new List<T>();
        while (!tokens.TryTake(close))
        {
            items.Add(parse());
            if (!tokens.TryTake(","))
            {
                tokens.Take(close);
                return items;
            }
        }

        return items;
    }

    private JinjaNode ParseAfter(string text)
    {
        tokens.Take(text);
        return Parse();
    }

    private JinjaNode ParseFunction(JinjaToken name)
    {
        if (name.Text is "namespace" or "dict")
        {
            tokens.Take();
            var items = ParseItems(")", () =>
            {
                var key = tokens.Take(JinjaTokenKind.Name, "a name with its value");
                return ((JinjaNode)new JinjaLiteral(key.Position, key.Text), ParseAfter("="));
            });
            return new JinjaDictionary(name.Position, items, IsNamespace: name.Text == "namespace");
        }

        var operation = Find(JinjaFunctions.All, "Function", name);
        return new JinjaCall(name.Position, null, operation, ParseArguments(operation));
    }

    private JinjaNode ParsePostfix(JinjaNode value)
    {
        while (true)
        {
            if (tokens.TryTake("."))
            {
                value = ParseMember(value, tokens.Take());
            }
            else if (tokens.TryTake("["))
            {
                value = ParseSubscript(value);
            }
            else if (tokens.Current.Is("("))
            {
                throw new JinjaException("Only functions and methods can be called", tokens.Current.Position);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaNode ParseMember(JinjaNode value, JinjaToken name)
    {
        if (name.Kind == JinjaTokenKind.Integer)
        {
            return new JinjaIndex(name.Position, value, new JinjaLiteral(name.Position, long.Parse(name.Text, CultureInfo.InvariantCulture)));
        }

        if (name.Kind != JinjaTokenKind.Name)
        {
            throw new JinjaException($"Found {name}; expected an attribute", name.Position);
        }

        if (!tokens.Current.Is("("))
        {
            return new JinjaAttribute(name.Position, value, name.Text);
        }

        var operation = Find(JinjaMethods.All, "Method", name);
        return new JinjaCall(name.Position, value, operation, ParseArguments(operation));
    }

    private JinjaNode ParseSubscript(JinjaNode value)
    {
        var position = tokens.Current.Position;
        JinjaNode? Bound() => tokens.Current.Is(":") || tokens.Current.Is("]") ? null : Parse();
        var first = Bound();
        if (first is not null && tokens.TryTake("]"))
        {
            return new JinjaIndex(position, value, first);
        }

        tokens.Take(":");
        var stop = Bound();
        var step = tokens.TryTake(":") ? Bound() : null;
        tokens.Take("]");
        return new JinjaSlice(position, value, first, stop, step);
    }

    private JinjaNode ParseFilters(JinjaNode value)
    {
        while (true)
        {
            if (tokens.TryTake("|"))
            {
                var name = tokens.Take(JinjaTokenKind.Name, "a filter");
                var operation = Find(JinjaFilters.All, "Filter", name);
                value = new JinjaCall(name.Position, value, operation, ParseArguments(operation));
            }
            else if (tokens.TryTake("is"))
            {
                value = ParseTest(value);
            }
            else
            {
                return value;
            }
        }
    }

    private JinjaTest ParseTest(JinjaNode value)
    {
        var isNegated = tokens.TryTake("not");
        var name = tokens.Take(JinjaTokenKind.Name, "a test");
        var operation = Find(JinjaTests.All, "Test", name);

        // The argument of a test needs no parentheses.
        var isBare = operation.Parameters.Length == 1 && !tokens.Current.Is("(");
        return new JinjaTest(name.Position, value, operation, isBare ? [ParsePostfix(ParsePrimary())] : ParseArguments(operation), isNegated);
    }

    private static JinjaOperation Find(IReadOnlyDictionary<string, JinjaOperation> known, string kind, JinjaToken name) =>
        known.TryGetValue(name.Text, out var operation)
            ? operation
            : throw new JinjaException($"{kind} {name} is not supported; expected one of {string.Join(", ", known.Keys.Order(StringComparer.Ordinal))}", name.Position);

    private JinjaNode?[] ParseArguments(JinjaOperation operation)
    {
        var (arguments, position, place) = (new JinjaNode?[operation.Parameters.Length], tokens.Current.Position, 0);
        var given = tokens.TryTake("(") ? ParseItems(")", ParseArgument) : [];
        foreach (var (name, value) in given)
        {
            var index = name is null ? place++ : Array.IndexOf(operation.Parameters, name);
            if (index < 0 || index >= arguments.Length || arguments[index] is not null)
            {
                throw new JinjaException($"'{operation.Name}' takes ({string.Join(", ", operation.Parameters)}); found {(name is null ? "more" : $"'{name}'")}", value.Position);
            }

            arguments[index] = value;
        }

        return Array.IndexOf(arguments, null) is var missing && missing >= 0 && missing < operation.Required
            ? throw new JinjaException($"'{operation.Name}' needs '{operation.Parameters[missing]}'", position)
            : arguments;
    }

    private (string? Name, JinjaNode Value) ParseArgument()
    {
        var name = tokens.Current.Kind == JinjaTokenKind.Name && tokens.Next.Is("=") ? tokens.Take().Text : null;
        return (name, name is null ? Parse() : ParseAfter("="));
    }
}
