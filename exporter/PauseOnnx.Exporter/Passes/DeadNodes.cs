using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Removes what no output needs:
/// 1. nodes none of whose results is used;
/// 2. initializers that nobody uses, but for the defaults of inputs.
/// </summary>
internal sealed class DeadNodes : IPass
{
    public string Name => nameof(DeadNodes);

    public bool Run(Graph graph)
    {
        var needed = graph.Outputs.Concat(graph.Inputs).Select(v => v.Name).ToHashSet();
        var kept = new List<Node>();
        foreach (var node in Enumerable.Reverse(graph.Nodes))
        {
            if (node.Outputs.Any(o => needed.Contains(o.Name)))
            {
                needed.UnionWith(node.Inputs.Select(i => i.Name));
                kept.Add(node);
            }
        }

        kept.Reverse();
        Initializer[] unused = [.. graph.Initializers.Where(i => !needed.Contains(i.Value.Name))];
        var changed = kept.Count < graph.Nodes.Count || unused.Length > 0;
        graph.Nodes.Clear();
        graph.Nodes.AddRange(kept);
        Array.ForEach(unused, graph.Remove);
        return changed;
    }
}
