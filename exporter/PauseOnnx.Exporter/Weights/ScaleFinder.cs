using System.Numerics;
using System.Runtime.CompilerServices;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// Finds scales and zero points of blocks of weights. A tile's columns lie in the lanes of vectors, each lane a block of its
/// own: the result does not depend on the width of the machine's vectors.
/// </summary>
internal static class ScaleFinder
{
    /// <summary>Scales below this have no finite reciprocal: such weights all become 0.</summary>
    public const float Nothing = 1e-37f;

    // Steps tried, as multiples of the one that just covers a block's range. Twelve come within 0.002 of the error that two
    // hundred leave with 4 bits; with 8 bits, where an error is a matter of luck, they leave 0.86 of the range's.
    private static readonly float[] FourBitSteps = Steps(0.65f, 1.15f);
    private static readonly float[] EightBitSteps = Steps(0.9f, 1.02f);

    /// <summary>Finds the scale of each column of a tile.</summary>
    /// <param name="tile">[rows, columns], the rows of one block; columns a multiple of a vector's lanes.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="scheme">The scheme.</param>
    /// <param name="scales">[columns].</param>
    /// <param name="zeroPoints">[columns], levels counted from 0.</param>
    public static void Find(ReadOnlySpan<float> tile, int columns, QuantizationScheme scheme, Span<float> scales, Span<float> zeroPoints)
    {
        Span<Vector<float>> block = stackalloc Vector<float>[tile.Length / columns];
        for (var column = 0; column < columns; column += Vector<float>.Count)
        {
            for (var row = 0; row < block.Length; row++)
            {
                block[row] = new(tile[((row * columns) + column)..]);
            }

            var (scale, zeroPoint) = Find(block, scheme);
            scale.CopyTo(scales[column..]);
            zeroPoint.CopyTo(zeroPoints[column..]);
        }
    }

    // What is called a million times in an export that takes seconds is worth compiling well at once.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (Vector<float> Scale, Vector<float> ZeroPoint) Find(Span<Vector<float>> block, QuantizationScheme scheme)
    {
        var (least, largest) = (Vector<float>.Zero, Vector<float>.Zero);
        foreach (var weights in block)
        {
            (least, largest) = (Vector.MinNative(least, weights), Vector.MaxNative(largest, weights));
        }

        var (top, middle) = (new Vector<float>(scheme.LargestLevel), new Vector<float>(scheme.MiddleLevel));
        var unit = scheme.IsSymmetric ? Vector.Max(-least / middle, largest / (top - middle)) : (largest / top) - (least / top);
        unit = Vector.ConditionalSelect(Vector.GreaterThan(unit, new(Nothing)), unit, Vector<float>.One);
        var zeroPoint = scheme.IsSymmetric ? middle : Vector.Round(-least / unit);
        if (scheme.Search == ScaleSearch.Range)
        {
            return (unit, zeroPoint);
        }

        // From here on, weights are counted in units.
        foreach (ref var weights in block)
        {
            weights /= unit;
        }

        var center = (least + largest) / unit / 2;
        var range = Try(block, Vector<float>.One, zeroPoint, top);
        var best = range;
        foreach (var multiple in scheme.Bits == 4 ? FourBitSteps : EightBitSteps)
        {
            var step = new Vector<float>(multiple);
            var zero = scheme.IsSymmetric ? middle : Vector.ClampNative(Vector.Round((top / 2) - (center / step)), Vector<float>.Zero, top);
            best = Better(best, Try(block, step, zero, top));
        }

        best = Better(best, Try(block, best.FittedStep, best.ZeroPoint, top));
        var final = Try(block, best.FittedStep, best.ZeroPoint, top);
        var isBetter = Vector.LessThan(final.Error, range.Error);
        return (Vector.ConditionalSelect(isBetter, unit * final.Step, unit), Vector.ConditionalSelect(isBetter, final.ZeroPoint, zeroPoint));
    }

    // With the integers q of a step fixed, weights w leave the least squared error at step + sum(q r) / sum(q q), where
    // r = w - step * q; it is then less by sum(q r)^2 / sum(q q).
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static Candidate Try(ReadOnlySpan<Vector<float>> block, Vector<float> step, Vector<float> zeroPoint, Vector<float> top)
    {
        var (perStep, least, largest) = (Vector<float>.One / step, -zeroPoint, top - zeroPoint);
        var (error, products, squares) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        foreach (var weights in block)
        {
            var levels = Vector.ClampNative(Vector.Round(weights * perStep), least, largest);
            var rest = Vector.FusedMultiplyAdd(-step, levels, weights);
            error = Vector.FusedMultiplyAdd(rest, rest, error);
            products = Vector.FusedMultiplyAdd(levels, rest, products);
            squares = Vector.FusedMultiplyAdd(levels, levels, squares);
        }

        // Of integers, the sum of squares is 0 or at least 1.
        var correction = products / Vector.Max(squares, Vector<float>.One);
        return new(step, zeroPoint, error, step + correction, error - (products * correction));
    }

    private static Candidate Better(Candidate a, Candidate b)
    {
        var isBetter = Vector.LessThan(b.FittedError, a.FittedError);
        return new(
            Vector.ConditionalSelect(isBetter, b.Step, a.Step),
            Vector.ConditionalSelect(isBetter, b.ZeroPoint, a.ZeroPoint),
            Vector.ConditionalSelect(isBetter, b.Error, a.Error),
            Vector.ConditionalSelect(isBetter, b.FittedStep, a.FittedStep),
            Vector.ConditionalSelect(isBetter, b.FittedError, a.FittedError));
    }

    private static float[] Steps(float first, float last)
    {
        const int count = 12;
        return [.. Enumerable.Range(0, count).Select(i => first + ((last - first) * i / (count - 1)))];
    }

    /// <summary>A way to quantize a block, for each lane.</summary>
    /// <param name="Step">Distance of two levels.</param>
    /// <param name="ZeroPoint">The level that stands for 0.</param>
    /// <param name="Error">Sum of squared differences from the weights.</param>
    /// <param name="FittedStep">The step that suits the same integers best.</param>
    /// <param name="FittedError">What is left then.</param>
    private readonly record struct Candidate(
        Vector<float> Step, Vector<float> ZeroPoint, Vector<float> Error, Vector<float> FittedStep, Vector<float> FittedError);
}
