using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>Causal attention over a cache, for any number of key/value heads K.</summary>
/// <remarks>See <see href="https://arxiv.org/abs/2305.13245">Ainslie et al., GQA, section 2.2</see>.</remarks>
internal static class Attention
{
    /// <summary>
    /// What is added to the scores of positions that may not be seen: so large that softmax gives them exactly 0, and finite,
    /// so that a row of nothing but padding yields no NaN.
    /// </summary>
    private const float Unseen = float.MinValue;

    /// <summary>Once for all layers: 0 where a query sees a key, <see cref="Unseen"/> elsewhere, [B, 1, T, S].</summary>
    /// <param name="c">The lowering.</param>
    /// <param name="ids">int64 [B, T], pauses included.</param>
    /// <param name="mask">int64 [B, S], pauses included.</param>
    public static Value Mask(LoweringContext c, Value ids, Value mask)
    {
        var (b, dims) = (c.B, c.Dims);
        using var scope = b.Scope("mask");
        var queries = b.Range(b.Sub(b.DimOf(mask, 1), b.DimOf(ids, 1)), b.DimOf(mask, 1), dims.T);
        var keys = b.Range(b.Vector(0), b.DimOf(mask, 1), dims.S);
        var causal = b.LessOrEqual(keys, b.Unsqueeze(queries, 1));                          // [T, S]
        var real = b.Unsqueeze(b.Cast(mask, DType.Bool), 1);                                // [B, 1, S]
        return b.Unsqueeze(b.Where(b.And(real, causal), b.Scalar(0f), b.Scalar(Unseen)), 1);
    }

    /// <summary>One layer's attention: normalized state [B, T, C] to [B, T, C]; the layer's present keys and values go out.</summary>
    public static Value Lower(LoweringContext c, Value hidden, int layer, IPositions positions, Value mask, (Value Key, Value Value) past)
    {
        var (b, config) = (c.B, c.Config);
        using var scope = b.Scope("attention");

        var queries = positions.Rotate(HeadNorm(c, Project(c, hidden, layer, 0), layer, c.Family.HeadNorms?.Query), config.NumAttentionHeads);
        var keys = positions.Rotate(HeadNorm(c, Project(c, hidden, layer, 1), layer, c.Family.HeadNorms?.Key), config.NumKeyValueHeads);
        var values = Project(c, hidden, layer, 2);

        var present = (GraphNames.PresentKey(layer), GraphNames.PresentValue(layer), c.Dims.S);
        var (attended, allKeys, allValues) = b.Attention(queries, keys, values, mask, past, present);
        b.Output(allKeys);
        b.Output(allValues);
        return c.Linear(attended, c.Names.Layer(layer, c.Family.AttentionOutput));
    }

    // Queries (0) [B, T, H D], keys (1) or values (2) [B, T, K D].
    private static Value Project(LoweringContext c, Value hidden, int layer, int index)
    {
        var (name, part) = c.Family.Projection(index, c.Config.NumAttentionHeads);
        return c.Linear(hidden, c.Names.Layer(layer, name), part);
    }

    // [B, T, heads D], each head by itself.
    private static Value HeadNorm(LoweringContext c, Value x, int layer, string? norm)
    {
        if (norm is null)
        {
            return x;
        }

        var (b, dims, width, d) = (c.B, c.Dims, x.Shape[2].Length!.Value, c.Config.HeadDim);
        var heads = b.Reshape(x, [dims.B, dims.T, width / d, d]);
        return b.Reshape(Norms.Rms(c, heads, c.Names.Layer(layer, norm)), x.Shape);
    }
}
