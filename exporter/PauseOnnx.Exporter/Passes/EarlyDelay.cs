using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Moves DelayedOutput up the graph, past everything that treats positions apart, so that the last layer computes queries,
/// attention, its output and the feed-forward block for the one surviving position of the first call; keys and values are
/// still made of all. It stops at what others need whole:
/// 1. elementwise operators, norms, products with weights and Reshapes of what follows [B, T] are computed after the delay;
/// 2. RotaryEmbedding takes delayed positions;
/// 3. Attention takes delayed queries and rows of its mask.
/// </summary>
/// <param name="throughAttention">Whether the host's attention can have fewer queries than new keys.</param>
internal sealed class EarlyDelay(bool throughAttention) : IPass
{
    private static readonly HashSet<string> RowWise =
    [
        "Add", "Div", "Erf", "Gelu", "LayerNormalization", "MatMul", "Mul", "Neg", "Pow", "RMSNormalization", "Sigmoid", "Sqrt", "Sub", "Tanh",
    ];

    public string Name => nameof(EarlyDelay);

    public bool Run(Graph graph)
    {
        var moved = false;
        while (graph.Nodes.Select(n => (Delay: n, Source: Mover(graph, n))).FirstOrDefault(n => n.Source is not null) is { Source: { } source } found)
        {
            Move(graph, found.Delay, source);
            moved = true;
        }

        return moved;
    }

    private static bool IsDelay(Node node) => node.Domain == GraphNames.Domain && node.OpType == GraphNames.DelayedOutput;

    // The node whose result a DelayedOutput takes, where it can as well run after the delay.
    private Node? Mover(Graph graph, Node node)
    {
        if (!IsDelay(node))
        {
            return null;
        }

        var x = node.Inputs[0];
        var source = graph.Nodes.Find(n => n.Outputs.Contains(x));
        var isOnlyUser = graph.Nodes.Sum(n => n.Inputs.Count(i => i == x)) == 1 && !graph.Outputs.Contains(x);
        return source is { Domain: "" } && isOnlyUser && CanFollow(graph, source) ? source : null;
    }

    private bool CanFollow(Graph graph, Node node) => node.OpType switch
    {
        "RotaryEmbedding" => true,
        "Reshape" => node.Inputs[0].Shape.Count >= 2 && node.Inputs[0].Shape.Take(2).SequenceEqual(node.Outputs[0].Shape.Take(2)),
        "Attention" => throughAttention && MaskRows(graph, node) is not null,
        _ => RowWise.Contains(node.OpType) && node.Inputs[0].Shape.Count > 2,
    };

    // The mask [B, 1, T, S] is [B, T, S] with an axis put in.
    private static Node? MaskRows(Graph graph, Node attention) =>
        graph.Nodes.Find(n => n.OpType == "Unsqueeze" && n.Outputs[0] == attention.Inputs[3] && n.Inputs[0].Shape.Count == 3);

    private static void Move(Graph graph, Node delay, Node node)
    {
        Value[] inputs = [.. node.Inputs];
        foreach (var i in Delayed(node))
        {
            inputs[i] = Delay(graph, delay, inputs[i]);
        }

        var emitted = new List<Node>();
        if (node.OpType == "Attention")
        {
            var b = new GraphBuilder(graph, emitted);
            using var scope = b.Scope(node.Outputs[0].Name);
            inputs[3] = b.Unsqueeze(Delay(graph, delay, MaskRows(graph, node)!.Inputs[0]), 1);
        }

        var result = node.Outputs[0] with { Shape = delay.Outputs[0].Shape };
        emitted.Add(node with { Inputs = inputs, Outputs = [result, .. node.Outputs.Skip(1)] });
        graph.Nodes.InsertRange(graph.Nodes.IndexOf(node), emitted);
        graph.Nodes.Remove(node);
        graph.Nodes.Remove(delay);
        Rewrite.Retype(graph, v => v == delay.Outputs[0] ? result : v);
    }

    // The delayed value, computed where the value is: branches that delay the same state share it, and it can move on.
    private static Value Delay(Graph graph, Node delay, Value x)
    {
        if (graph.Nodes.Find(n => IsDelay(n) && n.Inputs[0] == x) is { } existing)
        {
            return existing.Outputs[0];
        }

        var output = new Value($"{x.Name}/{delay.OpType}", x.Type, x.Shape.With(1, delay.Outputs[0].Shape[1]));
        graph.Nodes.Insert(graph.Nodes.FindIndex(n => n.Outputs.Contains(x)) + 1, delay with { Inputs = [x, delay.Inputs[1]], Outputs = [output] });
        return output;
    }

    // Which inputs have a place for each position: those of rank 3 or more, and the positions themselves.
    private static IEnumerable<int> Delayed(Node node) => node.OpType switch
    {
        "RotaryEmbedding" => [0, 3],
        "Attention" or "Reshape" => [0],
        _ => Enumerable.Range(0, node.Inputs.Count).Where(i => node.Inputs[i].Shape.Count > 2),
    };
}
