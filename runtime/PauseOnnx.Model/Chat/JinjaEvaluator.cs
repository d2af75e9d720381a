using System.Runtime.CompilerServices;
using System.Text;

namespace PauseOnnx.Model.Chat;

/// <summary>One rendering of a template.</summary>
/// <param name="budget">What it may cost.</param>
/// <param name="clock">Tells the date.</param>
internal sealed class JinjaEvaluator(JinjaBudget budget, TimeProvider clock)
{
    // A round makes its variables, and those of loop.
    private const int RoundCost = 20;

    private StringBuilder _output = new();

    /// <summary>Renders nodes.</summary>
    /// <param name="nodes">Of a whole template.</param>
    /// <param name="variables">By name.</param>
    /// <exception cref="JinjaException">An operation does not take its values, the template raises, or it costs too much.</exception>
    public string Render(List<JinjaNode> nodes, IReadOnlyDictionary<string, object?> variables)
    {
        Execute(nodes, new Scope(new Scope(null, new Dictionary<string, object?>(variables)), []));
        return _output.ToString();
    }

    private void Execute(List<JinjaNode> nodes, Scope scope)
    {
        foreach (var node in nodes)
        {
            budget.Charge(1, node.Position);
            switch (node)
            {
                case JinjaText text:
                    Write(text.Text, node.Position);
                    break;
                case JinjaOutput output:
                    Write(JinjaOperators.Text(Evaluate(output.Value, scope), At(node)), node.Position);
                    break;
                case JinjaIf branches:
                    Execute(branches.Branches.Find(b => b.Condition is null || IsTrue(b.Condition, scope)).Body ?? [], scope);
                    break;
                case JinjaFor loop:
                    ExecuteLoop(loop, scope);
                    break;
                case JinjaSet set:
                    Set(set, scope);
                    break;
                default:
                    SetBlock((JinjaSetBlock)node, scope);
                    break;
            }
        }
    }

    private void Write(string text, int position)
    {
        budget.Charge(text.Length, position);
        _output.Append(text);
    }

    private void ExecuteLoop(JinjaFor loop, Scope scope)
    {
        var value = Evaluate(loop.Items, scope);
        var items = JinjaValues.ItemsOf(value) ?? throw At(loop).Error($"A loop over {JinjaValues.KindOf(value)}; expected a list");
        budget.Charge((long)items.Count * RoundCost, loop.Position);
        Scope[] scopes = [.. items.Select(item => Bind(loop, item, scope)).Where(s => loop.Condition is null || IsTrue(loop.Condition, s))];
        for (var i = 0; i < scopes.Length; i++)
        {
            scopes[i].Variables["loop"] = LoopOf(scopes, i, loop);
            Execute(loop.Body, scopes[i]);
        }

        if (scopes.Length == 0)
        {
            Execute(loop.Else, scope);
        }
    }

    private Scope Bind(JinjaFor loop, object? item, Scope scope)
    {
        var variables = new Dictionary<string, object?>(StringComparer.Ordinal);
        var parts = loop.Targets.Count == 1 ? [item] : JinjaValues.ItemsOf(item);
        if (parts?.Count != loop.Targets.Count)
        {
            throw At(loop).Error($"An item of the loop is {JinjaValues.KindOf(item)}; expected {loop.Targets.Count} values");
        }

        foreach (var (name, part) in loop.Targets.Zip(parts))
        {
            variables[name] = part;
        }

        return new Scope(scope, variables);
    }

    private static Dictionary<string, object?> LoopOf(Scope[] scopes, int i, JinjaFor loop)
    {
        object? Item(int index) => index < 0 || index >= scopes.Length
            ? JinjaUndefined.Value
            : loop.Targets.Count == 1 ? scopes[index].Variables[loop.Targets[0]] : loop.Targets.Select(t => scopes[index].Variables[t]).ToList();
        return new Dictionary<string, object?>
        {
            ["index"] = i + 1L,
            ["index0"] = (long)i,
            ["revindex"] = (long)(scopes.Length - i),
            ["revindex0"] = scopes.Length - i - 1L,
            ["first"] = i == 0,
            ["last"] = i == scopes.Length - 1,
            ["length"] = (long)scopes.Length,
            ["previtem"] = Item(i - 1),
            ["nextitem"] = Item(i + 1),
        };
    }

    private void Set(JinjaSet set, Scope scope)
    {
        var value = Evaluate(set.Value, scope);
        if (set.Attribute is null)
        {
            scope.Variables[set.Name] = value;
        }
        else if (scope.Find(set.Name) is JinjaNamespace target)
        {
            target[set.Attribute] = value;
        }
        else
        {
            throw At(set).Error($"'{set.Name}' is no namespace, and 'set' changes attributes of nothing else");
        }
    }

    private void SetBlock(JinjaSetBlock set, Scope scope)
    {
        var outer = _output;
        _output = new StringBuilder();
        Execute(set.Body, new Scope(scope, []));
        scope.Variables[set.Name] = _output.ToString();
        _output = outer;
    }

    private bool IsTrue(JinjaNode node, Scope scope) => JinjaValues.IsTrue(Evaluate(node, scope));

    private object? Evaluate(JinjaNode node, Scope scope)
    {
        budget.Charge(1, node.Position);
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw At(node).Error("The template is nested too deep");
        }

        return node switch
        {
            JinjaLiteral literal => literal.Value,
            JinjaName name => scope.Find(name.Name),
            JinjaAttribute attribute => JinjaOperators.Index(Evaluate(attribute.Target, scope), attribute.Name, At(node)),
            JinjaIndex index => JinjaOperators.Index(Evaluate(index.Target, scope), Evaluate(index.Key, scope), At(node)),
            JinjaSlice slice => JinjaOperators.Slice(
                Evaluate(slice.Target, scope), EvaluateBound(slice.Start, scope), EvaluateBound(slice.Stop, scope), EvaluateBound(slice.Step, scope), At(node)),
            JinjaUnary unary => EvaluateUnary(unary, scope),
            JinjaBinary { Operator: "and" } and => Evaluate(and.Left, scope) is var left && JinjaValues.IsTrue(left) ? Evaluate(and.Right, scope) : left,
            JinjaBinary { Operator: "or" } or => Evaluate(or.Left, scope) is var left && JinjaValues.IsTrue(left) ? left : Evaluate(or.Right, scope),
            JinjaBinary binary => JinjaOperators.Apply(binary.Operator, Evaluate(binary.Left, scope), Evaluate(binary.Right, scope), At(node)),
            JinjaCompare compare => EvaluateCompare(compare, scope),
            JinjaConditional choice => IsTrue(choice.Condition, scope) ? Evaluate(choice.Then, scope)
                : choice.Otherwise is null ? JinjaUndefined.Value : Evaluate(choice.Otherwise, scope),
            JinjaCall call => Apply(call.Operation, call.Target, call.Arguments, scope, At(node)),
            JinjaTest test => (bool)Apply(test.Operation, test.Value, test.Arguments, scope, At(node))! != test.IsNegated,
            JinjaList list => list.Items.ConvertAll(item => Evaluate(item, scope)),
            _ => EvaluateDictionary((JinjaDictionary)node, scope),
        };
    }

    private object? EvaluateBound(JinjaNode? node, Scope scope) => node is null ? null : Evaluate(node, scope);

    private object? EvaluateUnary(JinjaUnary unary, Scope scope)
    {
        var value = Evaluate(unary.Value, scope);
        return unary.Operator == "not"
            ? !JinjaValues.IsTrue(value)
            : JinjaOperators.Apply(unary.Operator, 0L, value, At(unary));
    }

    private bool EvaluateCompare(JinjaCompare compare, Scope scope)
    {
        var left = Evaluate(compare.First, scope);
        foreach (var (name, node) in compare.Rest)
        {
            var right = Evaluate(node, scope);
            if (!JinjaOperators.Compare(name, left, right, At(compare)))
            {
                return false;
            }

            left = right;
        }

        return true;
    }

    private object? Apply(JinjaOperation operation, JinjaNode? target, JinjaNode?[] arguments, Scope scope, JinjaContext context)
    {
        var value = target is null ? null : Evaluate(target, scope);
        object?[] given = [.. arguments.Select(a => a is null ? JinjaUndefined.Value : Evaluate(a, scope))];
        budget.Charge(JinjaValues.SizeOf(value), context.Position);
        return operation.Apply(context, value, given);
    }

    private IReadOnlyDictionary<string, object?> EvaluateDictionary(JinjaDictionary dictionary, Scope scope)
    {
        IDictionary<string, object?> items = dictionary.IsNamespace ? new JinjaNamespace() : new OrderedDictionary<string, object?>(StringComparer.Ordinal);
        foreach (var (key, value) in dictionary.Items)
        {
            items[Evaluate(key, scope) as string ?? throw At(key).Error("A key is no string")] = Evaluate(value, scope);
        }

        return (IReadOnlyDictionary<string, object?>)items;
    }

    private JinjaContext At(JinjaNode node) => new(budget, clock, node.Position);

    /// <summary>Variables of the template, or of one round of a loop, which also sees those around it.</summary>
    private sealed record Scope(Scope? Outer, Dictionary<string, object?> Variables)
    {
        public object? Find(string name)
        {
            for (var scope = this; scope is not null; scope = scope.Outer)
            {
                if (scope.Variables.TryGetValue(name, out var value))
                {
                    return value;
                }
            }

            return JinjaFunctions.All.TryGetValue(name, out var function) ? function : JinjaUndefined.Value;
        }
    }
}
