namespace PauseOnnx.Exporter.Ir;

/// <summary>
/// Whether a graph is one that can be written:
/// 1. every name is defined once (an input may have an initializer of its name: its default);
/// 2. every value is defined before it is used, and used with the type and shape it was defined with;
/// 3. every operator's domain is imported, and every operator is one of <see cref="Operators"/> or a function of the graph;
/// 4. every initializer has as many bytes as its type and shape say;
/// 5. every output is defined;
/// 6. all this holds for the functions, which read only attributes they declare.
/// </summary>
internal static class Verifier
{
    /// <summary>Every fault, one sentence each; empty for a graph in order.</summary>
    public static IReadOnlyList<string> FindFaults(Graph graph)
    {
        var faults = new List<string>();
        Check(graph, graph, [], faults);
        foreach (var function in graph.Functions)
        {
            var inside = new List<string>();
            Check(function.Body, graph, function.Attributes, inside);
            faults.AddRange(inside.Select(f => $"Function {function.Name}: {f}"));
        }

        return faults;
    }

    private static void Check(Graph graph, Graph model, IReadOnlyList<string> attributes, List<string> faults)
    {
        var defined = new Dictionary<string, Value>();
        foreach (var input in graph.Inputs)
        {
            Define(input, defined, faults);
        }

        foreach (var initializer in graph.Initializers)
        {
            CheckInitializer(initializer, graph, defined, faults);
        }

        foreach (var node in graph.Nodes)
        {
            CheckNode(node, model, attributes, faults);
            CheckUses(node.Inputs, $"{node.QualifiedName} '{(node.Outputs.Count > 0 ? node.Outputs[0].Name : "")}' uses", defined, faults);
            foreach (var output in node.Outputs.Where(o => o != Value.None))
            {
                Define(output, defined, faults);
            }
        }

        CheckUses(graph.Outputs, "the graph's outputs use", defined, faults);
    }

    private static void Define(Value value, Dictionary<string, Value> defined, List<string> faults)
    {
        if (value.Name.Length == 0)
        {
            faults.Add($"A {value.Type} value {value.Shape} has no name");
        }
        else if (!defined.TryAdd(value.Name, value))
        {
            faults.Add($"'{value.Name}' is defined twice; expected once");
        }
    }

    private static void CheckInitializer(Initializer initializer, Graph graph, Dictionary<string, Value> defined, List<string> faults)
    {
        var value = initializer.Value;
        if (!graph.Inputs.Contains(value))
        {
            Define(value, defined, faults);
        }

        if (value.Shape.ElementCount is not { } count)
        {
            faults.Add($"Initializer '{value.Name}' has shape {value.Shape}; expected known lengths");
        }
        else if (DTypes.BytesOf(value.Type, count) is var bytes && bytes != initializer.Data.Length)
        {
            faults.Add($"Initializer '{value.Name}' has {initializer.Data.Length} bytes; expected {bytes} for {value.Type} {value.Shape}");
        }
    }

    private static void CheckNode(Node node, Graph model, IReadOnlyList<string> attributes, List<string> faults)
    {
        if (node.Outputs.Count == 0)
        {
            faults.Add($"{node.QualifiedName} has no output");
        }

        if (!model.Opsets.ContainsKey(node.Domain))
        {
            var imported = string.Join(", ", model.Opsets.Keys.Select(k => $"'{k}'"));
            faults.Add($"{node.QualifiedName} is of domain '{node.Domain}', which is not imported; imported are {imported}");
        }
        else if (!Operators.IsKnown(node) && !model.Functions.Exists(f => f.Domain == node.Domain && f.Name == node.OpType))
        {
            faults.Add($"{node.QualifiedName} is neither a known operator nor a function of the graph");
        }

        foreach (var reference in node.Attributes.Values.OfType<ReferenceAttribute>().Where(r => !attributes.Contains(r.Name)))
        {
            faults.Add($"{node.QualifiedName} reads attribute '{reference.Name}', which is not declared");
        }
    }

    private static void CheckUses(IEnumerable<Value> uses, string user, Dictionary<string, Value> defined, List<string> faults)
    {
        foreach (var use in uses.Where(u => u != Value.None))
        {
            if (!defined.TryGetValue(use.Name, out var definition))
            {
                faults.Add($"{user} '{use.Name}', which is not defined before it");
            }
            else if (use != definition)
            {
                faults.Add($"{user} {use}; it is defined as {definition}");
            }
        }
    }
}
