using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// Outputs of a linear weight or of its bias: First + r * Stride + i, for r from 0 to before Repeats and i from 0 to before
/// Count.
/// </summary>
/// <param name="Weight">Name in the checkpoint.</param>
/// <param name="First">First output.</param>
/// <param name="Count">Outputs that lie side by side.</param>
/// <param name="Stride">From one run of outputs to the next.</param>
/// <param name="Repeats">Number of runs.</param>
/// <example>
/// Keys of gpt2's c_attn, which holds all queries, then all keys, then all values: (name, C, C). Keys of gpt_neox's
/// query_key_value, [H, 3, D]: (name, D, D, 3 * D, H).
/// </example>
internal sealed record OutputRange(string Weight, long First, long Count, long Stride = 0, long Repeats = 1)
{
    /// <summary>Number of outputs.</summary>
    public long Total => Count * Repeats;

    /// <summary>All outputs of a weight [out, in], or of a bias [out].</summary>
    /// <param name="isInOut">Whether the weight is [in, out] instead.</param>
    public static OutputRange All(CheckpointWeights weights, string name, bool isInOut = false)
    {
        var shape = weights[name].Entry.Shape;
        return new(name, 0, isInOut ? shape[^1] : shape[0]);
    }

    /// <summary>The runs of some ranges, one after the other.</summary>
    public static IEnumerable<(string Weight, long First, int Count)> Runs(IEnumerable<OutputRange> ranges)
    {
        foreach (var range in ranges)
        {
            for (var repeat = 0L; repeat < range.Repeats; repeat++)
            {
                yield return (range.Weight, range.First + (repeat * range.Stride), checked((int)range.Count));
            }
        }
    }
}
