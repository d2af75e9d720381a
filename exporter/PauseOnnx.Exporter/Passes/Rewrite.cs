using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>The walk that passes share: nodes go, and later nodes take other values in place of theirs.</summary>
internal static class Rewrite
{
    /// <summary>Walks a graph in order and removes every node for whose outputs there are other values.</summary>
    /// <param name="graph">Changed in place.</param>
    /// <param name="replace">
    /// Given a node that already takes the replaced values: one value for each of its outputs, or null to keep it. Not asked
    /// about nodes that make an output of the graph, whose name is promised to the host.
    /// </param>
    /// <returns>Whether a node was removed.</returns>
    public static bool Run(Graph graph, Func<Node, IReadOnlyList<Value>?> replace)
    {
        var values = new Dictionary<string, Value>();
        HashSet<string> outputs = [.. graph.Outputs.Select(o => o.Name)];
        var kept = new List<Node>();
        foreach (var original in graph.Nodes)
        {
            var node = original.Inputs.Any(i => values.ContainsKey(i.Name))
                ? original with { Inputs = [.. original.Inputs.Select(i => values.GetValueOrDefault(i.Name, i))] }
                : original;
            if (node.Outputs.Any(o => outputs.Contains(o.Name)) || replace(node) is not { } replacements)
            {
                kept.Add(node);
                continue;
            }

            foreach (var (output, replacement) in node.Outputs.Zip(replacements))
            {
                values[output.Name] = replacement;
            }
        }

        var changed = kept.Count < graph.Nodes.Count;
        graph.Nodes.Clear();
        graph.Nodes.AddRange(kept);
        return changed;
    }
}
