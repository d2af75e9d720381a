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
        var replacement = new Replacement(graph);
        var first = new Dictionary<string, Node>();
        var kept = new List<Node>();
        foreach (var original in graph.Nodes)
        {
            var node = replacement.Apply(original);
            if (!first.TryGetValue(Key(node), out var same) || node.Outputs.Any(replacement.IsOutput))
            {
                first.TryAdd(Key(node), node);
                kept.Add(node);
                continue;
            }

            foreach (var (output, replaced) in same.Outputs.Zip(node.Outputs))
            {
                replacement.Replace(replaced, output);
            }
        }

        var changed = kept.Count < graph.Nodes.Count;
        graph.Nodes.Clear();
        graph.Nodes.AddRange(kept);
        return changed;
    }

    private static string Key(Node node)
    {
        var inputs = node.Inputs.Select(i => i.Name);
        var attributes = node.Attributes.Select(a => $"{a.Key}={a.Value}");
        return string.Join('\n', [node.QualifiedName, $"{node.Outputs.Count}", .. inputs, .. attributes]);
    }
}
