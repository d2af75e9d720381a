using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Proof;

/// <summary>How far an exported file may be from the trainer, each with its reason.</summary>
internal static class Tolerances
{
    /// <summary>Absolute, on logits in float32 of the usual size, up to five. A wrong mask, position or weight is off by 1e-2 and more.</summary>
    public const double Logits = 1e-4;

    /// <summary>
    /// On logits in float32 of a case, absolute. Both sides sum the same products in another order: the relative error of a sum
    /// of some thousand float32 terms is about 1e-6 of the largest, layers can enlarge that tenfold, and
    /// small models trained far have logits of 20 and 40. Reference logits that are no numbers allow nothing.
    /// </summary>
    public static double LogitsOf(float[] reference) => Math.Max(Logits, 2e-5 * reference.Where(float.IsFinite).Select(Math.Abs).DefaultIfEmpty().Max());

    /// <summary>
    /// Of a precision that rounds: root mean square of the differences of logits over the standard deviation of the
    /// reference's logits. Each is about twice what the Luhn model loses, whose 31,000 weights average little out: larger models
    /// lose a fifth of it. Logits that have nothing to do with the reference's are off by 1.4.
    /// </summary>
    public static double RelativeErrorOf(GraphPrecision precision) => precision switch
    {
        // 11 bits of mantissa, rounded at every node of every layer.
        GraphPrecision.Fp16 => 0.01,

        // 8 bits of mantissa, rounded once in every weight.
        GraphPrecision.Bf16 => 0.06,

        // 8 bits of a block's range: 0.4 % of it at most in every weight.
        GraphPrecision.BlockInt8 => 0.1,

        // 4 bits of a block's range: 7 % of it at most in every weight.
        GraphPrecision.BlockInt4 => 0.5,

        // 8 bits of the range of a token's state and of a whole column: an outlier takes the bits of all others.
        GraphPrecision.DynamicInt8 => 0.1,
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "Expected a precision that rounds."),
    };

    /// <summary>
    /// The same beside a float32 model of the very weights that the precision rounded to: what is left is how the graph
    /// computes, so a mistake that the precision's own loss would hide is found.
    /// </summary>
    public static double RelativeErrorOfRoundedWeights(GraphPrecision precision) => precision switch
    {
        // 11 bits of mantissa, rounded at every node of every layer.
        GraphPrecision.Fp16 => 0.002,

        // Computed in float32, but keys and values of earlier calls have 11 bits of mantissa.
        GraphPrecision.Bf16 => 0.001,

        // Computed in float32.
        GraphPrecision.BlockInt8 or GraphPrecision.BlockInt4 => 1e-5,

        // States have 8 bits of their own range in each product.
        GraphPrecision.DynamicInt8 => 0.05,
        _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "Expected a precision that rounds."),
    };
}
