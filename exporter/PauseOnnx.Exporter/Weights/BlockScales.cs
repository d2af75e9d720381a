using System.Numerics;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// Scales and zero points of blocks of weights. A tile's columns lie in the lanes of a vector, each lane a block of its own:
/// the result does not depend on the width of the machine's vectors.
/// </summary>
internal static class BlockScales
{
    /// <summary>Largest scale that counts as none: below it, a reciprocal is infinite. All of the block's weights become 0.</summary>
    private const float Nothing = 1e-37f;

    // Steps tried, as multiples of the step that just covers the block's range.
    private static readonly float[] FourBitSteps = [0.65f, 0.7f, 0.74f, 0.78f, 0.82f, 0.85f, 0.88f, 0.91f, 0.94f, 0.97f, 1, 1.03f, 1.06f, 1.1f, 1.15f, 1.22f];
    private static readonly float[] EightBitSteps = [0.94f, 0.95f, 0.96f, 0.97f, 0.98f, 0.985f, 0.99f, 0.995f, 1, 1.005f];

    /// <summary>Shares of the least and of the largest weight that asymmetric steps cover.</summary>
    private static readonly float[] FourBitShares = [0.7f, 0.78f, 0.85f, 0.92f, 1, 1.08f];
    private static readonly float[] EightBitShares = [0.96f, 0.98f, 0.99f, 1];

    /// <summary>Finds the scale of each column of a tile.</summary>
    /// <param name="tile">[rows, columns], the rows of one block; columns a multiple of a vector's lanes.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="scales">[columns].</param>
    /// <param name="zeroPoints">[columns], levels counted from 0.</param>
    public static void Find(ReadOnlySpan<float> tile, int columns, QuantizationScheme scheme, Span<float> scales, Span<float> zeroPoints)
    {
        var rows = tile.Length / columns;
        Span<Vector<float>> block = stackalloc Vector<float>[QuantizationScheme.BlockSize];
        block = block[..rows];
        for (var column = 0; column < columns; column += Vector<float>.Count)
        {
            var (least, largest) = (Vector<float>.Zero, Vector<float>.Zero);
            for (var row = 0; row < rows; row++)
            {
                var weights = new Vector<float>(tile[((row * columns) + column)..]);
                block[row] = weights;
                (least, largest) = (Vector.Min(least, weights), Vector.Max(largest, weights));
            }

            var (scale, zero) = Find(block, least, largest, scheme);
            scale.CopyTo(scales[column..]);
            zero.CopyTo(zeroPoints[column..]);
        }
    }

    // The block comes in as weights and is then counted in steps of the range's scale.
    private static (Vector<float> Scale, Vector<float> Zero) Find(
        Span<Vector<float>> block, Vector<float> least, Vector<float> largest, QuantizationScheme scheme)
    {
        var (top, middle) = (new Vector<float>(scheme.LargestLevel), new Vector<float>(scheme.MiddleLevel));
        var unit = scheme.IsSymmetric ? Vector.Max(-least / middle, largest / (top - middle)) : (largest / top) - (least / top);
        var isNothing = Vector.LessThan(unit, new Vector<float>(Nothing));
        unit = Vector.ConditionalSelect(isNothing, Vector<float>.One, unit);
        var zero = scheme.IsSymmetric ? middle : Vector.Round(-least / unit);
        if (scheme.Search == ScaleSearch.Range)
        {
            return (unit, zero);
        }

        for (var row = 0; row < block.Length; row++)
        {
            block[row] = Vector.ConditionalSelect(isNothing, Vector<float>.Zero, block[row] / unit);
        }

        var best = Try(block, Vector<float>.One, zero, top);
        if (scheme.IsSymmetric)
        {
            foreach (var step in scheme.Bits == 4 ? FourBitSteps : EightBitSteps)
            {
                best = Better(best, Try(block, new Vector<float>(step), zero, top));
            }
        }
        else
        {
            var shares = scheme.Bits == 4 ? FourBitShares : EightBitShares;
            foreach (var low in shares)
            {
                foreach (var high in shares)
                {
                    var (from, to) = (least / unit * low, largest / unit * high);
                    var step = Vector.ConditionalSelect(isNothing, Vector<float>.One, (to - from) / top);
                    best = Better(best, Try(block, step, Vector.Round(-from / step), top));
                }
            }
        }

        best = Better(best, Try(block, best.Step, best.Zero, top));
        best = Better(best, Try(block, best.Step, best.Zero, top));
        var isBetter = Vector.LessThan(Error(block, best.Step, best.Zero, top), Error(block, Vector<float>.One, zero, top)) & ~isNothing;
        return (Vector.ConditionalSelect(isBetter, unit * best.Step, unit), Vector.ConditionalSelect(isBetter, best.Zero, zero));
    }

    // For integers q, the step that leaves the least error is sum(w q) / sum(q q), and the larger sum(w q)^2 / sum(q q), the
    // less error it leaves.
    private static Candidate Try(ReadOnlySpan<Vector<float>> block, Vector<float> step, Vector<float> zero, Vector<float> top)
    {
        var (perStep, least, largest) = (Vector<float>.One / step, -zero, top - zero);
        var (products, squares) = (Vector<float>.Zero, Vector<float>.Zero);
        foreach (var weights in block)
        {
            var levels = Vector.Min(Vector.Max(Vector.Round(weights * perStep), least), largest);
            products = Vector.FusedMultiplyAdd(weights, levels, products);
            squares = Vector.FusedMultiplyAdd(levels, levels, squares);
        }

        var fitted = products / Vector.Max(squares, Vector<float>.One);
        return new(products * fitted, Vector.ConditionalSelect(Vector.GreaterThan(fitted, Vector<float>.Zero), fitted, step), zero);
    }

    private static Vector<float> Error(ReadOnlySpan<Vector<float>> block, Vector<float> step, Vector<float> zero, Vector<float> top)
    {
        var sum = Vector<float>.Zero;
        foreach (var weights in block)
        {
            var levels = Vector.Min(Vector.Max(Vector.Round(weights / step), -zero), top - zero);
            var difference = Vector.FusedMultiplyAdd(-step, levels, weights);
            sum = Vector.FusedMultiplyAdd(difference, difference, sum);
        }

        return sum;
    }

    private static Candidate Better(Candidate a, Candidate b)
    {
        var isBetter = Vector.GreaterThan(b.Fit, a.Fit);
        return new(
            Vector.ConditionalSelect(isBetter, b.Fit, a.Fit),
            Vector.ConditionalSelect(isBetter, b.Step, a.Step),
            Vector.ConditionalSelect(isBetter, b.Zero, a.Zero));
    }

    private readonly record struct Candidate(Vector<float> Fit, Vector<float> Step, Vector<float> Zero);
}
