using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>
/// Causal attention over a growing cache, for any number of key/value heads K. The G = H / K query heads that share keys
/// are rows of one matrix product, so neither keys nor values are ever repeated.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/2305.13245">Ainslie et al., GQA, section 2.2</see>.</remarks>
internal static class Attention
{
    /// <summary>
    /// What is added to the scores of positions that may not be seen: so large that softmax gives them exactly 0, and finite,
    /// so that a row of nothing but padding yields no NaN.
    /// </summary>
    private const float Unseen = float.MinValue;

    /// <summary>Once for all layers: 0 where a query sees a key, <see cref="Unseen"/> elsewhere, [B, 1, G*T, S].</summary>
    /// <param name="c">The lowering.</param>
    /// <param name="ids">int64 [B, T], pauses included.</param>
    /// <param name="mask">int64 [B, S], pauses included.</param>
    public static Value Bias(LoweringContext c, Value ids, Value mask)
    {
        var (b, dims) = (c.B, c.Dims);
        using var scope = b.Scope("mask");
        var rows = b.Range(b.Sub(b.DimOf(mask, 1), b.DimOf(ids, 1)), b.DimOf(mask, 1), dims.T);
        var queries = b.Tile(rows, Groups(c), GroupRows(c));
        var keys = b.Range(b.Vector(0), b.DimOf(mask, 1), dims.S);
        var causal = b.LessOrEqual(keys, b.Unsqueeze(queries, 1));
        var real = b.Unsqueeze(b.Cast(mask, DType.Bool), 1, 2);
        return b.Where(b.And(real, causal), b.Scalar(0f), b.Scalar(Unseen));
    }

    /// <summary>One layer's attention: normalized state [B, T, C] to [B, T, C]; the layer's present keys and values go out.</summary>
    public static Value Lower(LoweringContext c, Value hidden, int layer, IPositions positions, Value bias, (Value Key, Value Value) past)
    {
        var (b, dims, config) = (c.B, c.Dims, c.Config);
        using var scope = b.Scope("attention");

        var projected = c.Linear(hidden, [.. c.Family.QueriesKeysValues.Select(n => c.Names.Layer(layer, n))]);
        var (newQueries, turnedKeys, headValues) = c.Family.HasHeadsInTurn                                  // [B, T, H, D], 2 x [B, T, K, D]
            ? SplitHeadsInTurn(c, projected, positions)
            : Split(c, projected, layer, positions);

        var (newKeys, newValues) = (b.Transpose(turnedKeys, 0, 2, 1, 3), b.Transpose(headValues, 0, 2, 1, 3)); // [B, K, T, D]
        var keys = b.Concat(2, [past.Key, newKeys], dims.S, GraphNames.PresentKey(layer));                  // [B, K, S, D]
        var values = b.Concat(2, [past.Value, newValues], dims.S, GraphNames.PresentValue(layer));
        b.Output(keys);
        b.Output(values);

        var queries = b.Div(GroupByKey(c, newQueries), b.Sqrt(b.Cast(b.DimOf(keys, 3), DType.Float32)));     // [B, K, G*T, D]
        var scores = b.MatMul(queries, b.Transpose(keys, 0, 1, 3, 2));                                      // [B, K, G*T, S]
        var attended = b.MatMul(b.Softmax(b.Add(scores, bias)), values);                                    // [B, K, G*T, D]
        return c.Linear(Ungroup(c, attended), c.Names.Layer(layer, c.Family.AttentionOutput));
    }

    // [B, T, (H + K + K) D], all queries, all keys, all values; queries and keys are turned together.
    private static (Value Queries, Value Keys, Value Values) Split(LoweringContext c, Value projected, int layer, IPositions positions)
    {
        var (b, dims, config) = (c.B, c.Dims, c.Config);
        var (h, k, d) = (config.NumAttentionHeads, config.NumKeyValueHeads, config.HeadDim);
        var heads = b.Split(b.Reshape(projected, [dims.B, dims.T, h + k + k, d]), 2, h + k, k);             // [B, T, H+K, D], [B, T, K, D]
        var queriesAndKeys = heads[0];
        if (c.Family.HeadNorms is var (queryNorm, keyNorm))
        {
            var parts = b.Split(queriesAndKeys, 2, h, k);
            queriesAndKeys = b.Concat(2, [Norms.Rms(c, parts[0], c.Names.Layer(layer, queryNorm)), Norms.Rms(c, parts[1], c.Names.Layer(layer, keyNorm))]);
        }

        var turned = b.Split(positions.Rotate(queriesAndKeys), 2, h, k);                                    // [B, T, H, D], [B, T, K, D]
        return (turned[0], turned[1], heads[1]);
    }

    // [B, T, H 3 D], for each head its query, its key, its value; queries and keys are turned together.
    private static (Value Queries, Value Keys, Value Values) SplitHeadsInTurn(LoweringContext c, Value projected, IPositions positions)
    {
        var (b, dims, h, d) = (c.B, c.Dims, c.Config.NumAttentionHeads, c.Config.HeadDim);
        var heads = b.Split(b.Reshape(projected, [dims.B, dims.T, h, 3 * d]), 3, 2 * d, d);                 // [B, T, H, 2D], [B, T, H, D]
        var turned = positions.Rotate(b.Reshape(heads[0], [dims.B, dims.T, 2 * h, d]));                     // [B, T, 2H, D]
        var parts = b.Split(b.Reshape(turned, [dims.B, dims.T, h, 2 * d]), 3, d, d);                        // 2 x [B, T, H, D]
        return (parts[0], parts[1], heads[1]);
    }

    private static int Groups(LoweringContext c) => c.Config.NumAttentionHeads / c.Config.NumKeyValueHeads;

    private static Dim GroupRows(LoweringContext c) => Groups(c) == 1 ? c.Dims.T : $"{Groups(c)} * {c.Dims.T}";

    // [B, T, H, D] -> [B, K, G*T, D]
    private static Value GroupByKey(LoweringContext c, Value queries)
    {
        var (b, dims, k, d) = (c.B, c.Dims, c.Config.NumKeyValueHeads, c.Config.HeadDim);
        var grouped = b.Transpose(b.Reshape(queries, [dims.B, dims.T, k, Groups(c), d]), 0, 2, 3, 1, 4); // [B, K, G, T, D]
        return b.Reshape(grouped, [dims.B, k, GroupRows(c), d]);
    }

    // [B, K, G*T, D] -> [B, T, H*D]
    private static Value Ungroup(LoweringContext c, Value attended)
    {
        var (b, dims, k, d) = (c.B, c.Dims, c.Config.NumKeyValueHeads, c.Config.HeadDim);
        var heads = b.Transpose(b.Reshape(attended, [dims.B, k, Groups(c), dims.T, d]), 0, 3, 1, 2, 4); // [B, T, K, G, D]
        return b.Reshape(heads, [dims.B, dims.T, c.Config.NumAttentionHeads * d]);
    }
}
