using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Past and present become one buffer of the host's, [B, K, max_length, D]: TensorScatter puts new keys and values behind the
/// P positions that it holds, and attention sees the first S. The buffer's size says nothing of P, so the first call is the
/// one whose mask is as long as its ids, and later P = (host's mask - ids) + M, as the host does not count the pauses.
/// </summary>
internal sealed class SharedCache : IPass
{
    public string Name => nameof(SharedCache);

    public bool Run(Graph graph)
    {
        if (graph.Nodes.Exists(n => n.OpType == "TensorScatter"))
        {
            return false;
        }

        SharedBuffer.Declare(graph, "max_length");
        return Rewrite.Run(graph, (node, b) => node is { OpType: "Attention", Domain: "" } ? Expand(node, b, SharedBuffer.PastLength(graph)) : null);
    }

    private static Value[] Expand(Node node, GraphBuilder b, Value pastLength)
    {
        var (queries, mask, pastKey, pastValue) = (node.Inputs[0], node.Inputs[3], node.Inputs[4], node.Inputs[5]);
        var (h, k, d) = (node.Int("q_num_heads")!.Value, node.Int("kv_num_heads")!.Value, pastKey.Shape[3].Length!.Value);
        var indices = b.Expand(pastLength, b.DimOf(queries, 0), [queries.Shape[0]]);
        var keys = b.TensorScatter(pastKey, b.HeadsFirst(node.Inputs[1], k, d), indices);                     // [B, K, max_length, D]
        var values = b.TensorScatter(pastValue, b.HeadsFirst(node.Inputs[2], k, d), indices);

        var (length, s) = (b.DimOf(mask, 3), mask.Shape[3]);
        var attended = b.Attention(b.HeadsFirst(queries, h, d), b.SliceTo(keys, 2, length, s), b.SliceTo(values, 2, length, s), mask);
        return [b.Reshape(b.Transpose(attended, 0, 2, 1, 3), queries.Shape), keys, values];
    }
}
