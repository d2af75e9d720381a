using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// ONNX Runtime's own operators in place of ONNX's newest, as onnxruntime-genai and its execution providers want them:
/// 1. Attention is GroupQueryAttention over the host's buffer, without its own positions, as those would not count left padding;
/// 2. RotaryEmbedding and RMSNormalization are com.microsoft's.
/// </summary>
/// <param name="maxLength">Positions of the buffer, which the graph says: onnxruntime-genai allocates what it says.</param>
internal sealed class GroupQueryAttention(int maxLength) : IPass
{
    public string Name => nameof(GroupQueryAttention);

    public bool Run(Graph graph)
    {
        if (graph.Nodes.Exists(n => n.OpType == nameof(GroupQueryAttention)))
        {
            return false;
        }

        SharedBuffer.Declare(graph, maxLength);
        return Rewrite.Run(graph, (node, b) => node switch
        {
            { OpType: "Attention", Domain: "" } => Attention(node, b),
            { OpType: "RotaryEmbedding", Domain: "" } => [Rotary(node, b)],
            { OpType: "RMSNormalization" } => [b.SimplifiedLayerNormalization(node.Inputs[0], node.Inputs[1], ((FloatAttribute)node.Attributes["epsilon"]).Value)],
            _ => null,
        });
    }

    private static Value[] Attention(Node node, GraphBuilder b)
    {
        var (queries, mask) = (node.Inputs[0], node.Inputs[3]);
        var total = b.DimOf(mask, 3);
        var last = b.Expand(b.Cast(b.Sub(total, b.Vector(1)), DType.Int32), b.DimOf(queries, 0), [queries.Shape[0]]);
        var (output, keys, values) = b.GroupQueryAttention(
            queries,
            node.Inputs[1],
            node.Inputs[2],
            mask,
            (node.Inputs[4], node.Inputs[5]),
            (node.Outputs[1].Name, node.Outputs[2].Name),
            (last, b.Squeeze(b.Cast(total, DType.Int32), 0)),
            (node.Int("q_num_heads")!.Value, node.Int("kv_num_heads")!.Value));
        return [output, keys, values];
    }

    private static Value Rotary(Node node, GraphBuilder b) => b.MicrosoftRotaryEmbedding(
        node.Inputs[0], node.Inputs[1], node.Inputs[2], node.Inputs[3], node.Int("num_heads")!.Value, node.Int("rotary_embedding_dim")!.Value);
}
