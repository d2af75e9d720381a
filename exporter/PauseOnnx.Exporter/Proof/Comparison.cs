using System.Numerics.Tensors;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Proof;

/// <summary>A file's logits beside the trainer's, over the calls of one case.</summary>
internal sealed class Comparison(ReferenceCase reference)
{
    private readonly double _allowed = Tolerances.LogitsOf(reference.Logits);
    private double _largest;
    private double _squares;
    private int _agreeing;
    private int _positions;

    /// <summary>What people call a call.</summary>
    public static string CallName(int step) => step == 0 ? "first call" : $"decode step {step}";

    /// <summary>Compares the last position of a call.</summary>
    /// <param name="step">0 for the first call, then decode steps.</param>
    /// <param name="logits">[B, positions, V].</param>
    /// <param name="positions">Positions that have logits.</param>
    /// <param name="precision">What the logits were computed with.</param>
    /// <exception cref="ExportException">A logit is no number, or differs in float32 by more than is allowed.</exception>
    public void Add(int step, float[] logits, int positions, GraphPrecision precision)
    {
        var width = reference.OrdinaryVocabSize;
        for (var row = 0; row < reference.Batch; row++)
        {
            var expected = reference.Logits.AsSpan(((row * (1 + reference.Steps)) + step) * width, width);
            var found = logits.AsSpan(((row * positions) + positions - 1) * width, width);
            for (var column = 0; column < width; column++)
            {
                double difference = Math.Abs(found[column] - expected[column]);

                // Written so that NaN, which compares false with everything, fails too.
                if (!(difference <= (precision == GraphPrecision.Fp32 ? _allowed : double.MaxValue)))
                {
                    throw new ExportException("proof", $"case {reference.Name}, {CallName(step)}, logits[{row}, {positions - 1}, {column}] is {found[column]:G6}, expected {expected[column]:G6}; difference {difference:G3} over {_allowed:G3}.");
                }

                _largest = Math.Max(_largest, difference);
                _squares += difference * difference;
            }

            _positions++;
            _agreeing += TensorPrimitives.IndexOfMax(expected) == TensorPrimitives.IndexOfMax(found) ? 1 : 0;
        }
    }

    /// <summary>The figures of the case.</summary>
    /// <exception cref="ExportException">The precision allows less.</exception>
    public ParityReport Report(GraphPrecision precision)
    {
        var relative = Math.Sqrt(_squares / reference.Logits.Length) / StandardDeviation(reference.Logits);
        var isExact = precision == GraphPrecision.Fp32;
        var tolerance = isExact ? _allowed : Tolerances.RelativeErrorOf(precision);
        return isExact || relative <= tolerance
            ? new ParityReport(
                reference.Name,
                reference.PauseCount,
                reference.Batch,
                reference.Steps,
                _largest,
                relative,
                (double)_agreeing / _positions,
                tolerance,
                isExact ? "max_difference" : "relative_error")
            : throw new ExportException("proof", $"case {reference.Name}, logits in {GraphPrecisions.NameOf(precision)} differ by {relative:G3} of their spread, {_largest:G3} at most; expected {tolerance:G3} or less: keep the weights that lose most in float32 with --exclude, or choose a wider precision.");
    }

    private static double StandardDeviation(float[] values)
    {
        var mean = values.Average(x => (double)x);
        return Math.Sqrt(values.Average(x => (x - mean) * (x - mean)));
    }
}
