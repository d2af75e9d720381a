using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Computes the same thing once: of nodes with the same operator, inputs and attributes, the first stays and the others'
/// users take its results. A node whose result is promised to the host stays.
/// </summary>
internal sealed class CommonSubexpressions : IPass
{
    public string Name => nameof(CommonSubexpressions);

    public bool Run(Graph graph)
    {
        var first = new Dictionary<string, Node>();
        return Rewrite.Run(graph, (node, _) => first.TryAdd(Key(node), node) ? null : first[Key(node)].Outputs);
    }

    private static string Key(Node node)
    {
        var inputs = node.Inputs.Select(i => i.Name);
        var attributes = node.Attributes.Select(a => $"{a.Key}={a.Value}");
        return string.Join('\n', [node.QualifiedName, $"{node.Outputs.Count}", .. inputs, .. attributes]);
    }
}
