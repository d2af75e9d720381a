using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Queries and keys that lie side by side in one product, and are turned by the same positions, are turned together before
/// they are split: half as many nodes.
/// </summary>
internal sealed class JoinRotary : IPass
{
    public string Name => nameof(JoinRotary);

    public bool Run(Graph graph)
    {
        var changed = false;
        while (graph.Nodes.Select(n => (Split: n, Pair: FindPair(graph, n))).FirstOrDefault(n => n.Pair is not null) is { Pair: var (first, second) } found)
        {
            Join(graph, found.Split, first, second);
            changed = true;
        }

        return changed;
    }

    // The RotaryEmbeddings of a Split's first two parts, where they turn by the same positions.
    private static (Node First, Node Second)? FindPair(Graph graph, Node split) =>
        split is { OpType: "Split", Outputs.Count: > 1 }
        && Rotary(graph, split.Outputs[0]) is { } first && Rotary(graph, split.Outputs[1]) is { } second
        && first.Inputs.Skip(1).SequenceEqual(second.Inputs.Skip(1))
            ? (first, second)
            : null;

    // The RotaryEmbedding that is the only user of a value.
    private static Node? Rotary(Graph graph, Value value)
    {
        var users = graph.Nodes.Where(n => n.Inputs.Contains(value)).Take(2).ToArray();
        return users is [{ OpType: "RotaryEmbedding", Domain: "" } rotary] ? rotary : null;
    }

    private static void Join(Graph graph, Node split, Node first, Node second)
    {
        var emitted = new List<Node>();
        var b = new GraphBuilder(graph, emitted);
        using var scope = b.Scope(first.Outputs[0].Name);
        var (x, axis) = (split.Inputs[0], split.Inputs[0].Shape.Count - 1);
        var widths = split.Outputs.Select(o => o.Shape[axis].Length!.Value).ToArray();
        var parts = b.Split(x, axis, [widths[0] + widths[1], .. widths[2..]]);
        var heads = first.Int("num_heads")!.Value + second.Int("num_heads")!.Value;
        var turned = b.RotaryEmbedding(parts[0], first.Inputs[1], first.Inputs[2], first.Inputs[3], heads, first.Int("rotary_embedding_dim")!.Value);
        b.SplitInto([first.Outputs[0], second.Outputs[0]], turned, axis);

        var others = split.Outputs.Skip(2).Zip(parts.Skip(1)).ToDictionary(p => p.First, p => p.Second);
        graph.Nodes.InsertRange(graph.Nodes.IndexOf(split), emitted);
        graph.Nodes.RemoveAll(n => n == split || n == first || n == second);
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            graph.Nodes[i] = graph.Nodes[i] with { Inputs = [.. graph.Nodes[i].Inputs.Select(v => others.GetValueOrDefault(v, v))] };
        }
    }
}
