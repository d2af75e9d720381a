using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Attention in products and a softmax, for hosts without the operator. The G = H / K query heads that share keys are rows of
/// one matrix product, so neither keys nor values are ever repeated.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/2305.13245">Ainslie et al., GQA, section 2.2</see>.</remarks>
internal sealed class ExpandAttention : IPass
{
    public string Name => nameof(ExpandAttention);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) => node is { OpType: "Attention", Domain: "" } ? Expand(node, b) : null);

    private static Value[] Expand(Node node, GraphBuilder b)
    {
        var (queries, newKeys, newValues, mask, pastKey, pastValue) = (node.Inputs[0], node.Inputs[1], node.Inputs[2], node.Inputs[3], node.Inputs[4], node.Inputs[5]);
        var (k, d, length) = (node.Int("kv_num_heads")!.Value, pastKey.Shape[3].Length!.Value, node.Outputs[1].Shape[2]);
        var groups = node.Int("q_num_heads")!.Value / k;
        var (batch, rows) = (queries.Shape[0], queries.Shape[1]);

        var keys = b.Concat(2, [pastKey, Heads(b, newKeys, k, d)], length);                                  // [B, K, S, D]
        var values = b.Concat(2, [pastValue, Heads(b, newValues, k, d)], length);

        // [B, T, H D] -> [B, K, G T, D], and back at the end
        Dim groupRows = groups == 1 ? rows : $"{groups} * {rows}";
        var grouped = b.Transpose(b.Reshape(queries, [batch, rows, k, groups, d]), 0, 2, 3, 1, 4);
        var scaled = b.Mul(b.Reshape(grouped, [batch, k, groupRows, d]), b.Scalar((float)(1 / Math.Sqrt(d)), queries.Type));
        var scores = b.MatMul(scaled, b.Transpose(keys, 0, 1, 3, 2));                                        // [B, K, G T, S]
        var maskRows = b.Concat(2, [.. Enumerable.Repeat(mask, (int)groups)], groupRows);                    // [B, 1, G T, S]
        var weights = b.Softmax(b.Cast(b.Add(scores, maskRows), DType.Float32));
        var attended = b.MatMul(b.Cast(weights, values.Type), values);                                       // [B, K, G T, D]
        var heads = b.Transpose(b.Reshape(attended, [batch, k, groups, rows, d]), 0, 3, 1, 2, 4);            // [B, T, K, G, D]
        return [b.Reshape(heads, queries.Shape), keys, values];
    }

    // [B, T, K D] -> [B, K, T, D]
    private static Value Heads(GraphBuilder b, Value x, long heads, long width) =>
        b.Transpose(b.Reshape(x, [x.Shape[0], x.Shape[1], heads, width]), 0, 2, 1, 3);
}
