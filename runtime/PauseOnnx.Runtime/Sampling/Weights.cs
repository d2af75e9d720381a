using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PauseOnnx.Runtime;

/// <summary>Weights of tokens, from 0 to 1, of which all but the heavier ones are set to 0.</summary>
/// <remarks>
/// The bits of floats that are not negative are in the order of the floats, so the smallest weight to keep is found by halving
/// a range of 2^30: a few passes of some microseconds over 32,000 weights, then more over the few that are left in question,
/// where sorting takes milliseconds. The passes are compiled for speed from their first call, as an answer has few tokens.
/// </remarks>
internal static class Weights
{
    // Within it, a draw adds one by one.
    private const int ChunkLength = 512;

    // Half an octave, in bits: few weights lie in it.
    private const int NarrowRange = 1 << 22;

    /// <summary>Keeps the k largest; of equal ones the lower places.</summary>
    /// <param name="weights">Changed in place.</param>
    /// <param name="k">At least 1.</param>
    /// <param name="scratch">As many numbers to work with.</param>
    public static void KeepLargest(Span<float> weights, int k, Span<float> scratch)
    {
        var least = LargestThreshold(weights, scratch, static (w, threshold) => CountFrom(w, threshold), k, low: 0);
        KeepFrom(weights, least, k - CountFrom(weights, float.BitIncrement(least)));
    }

    /// <summary>Keeps the largest up to and including the one with which their share of the sum reaches p; of equal ones the lower places.</summary>
    /// <param name="weights">Changed in place.</param>
    /// <param name="p">Above 0, below 1.</param>
    /// <param name="scratch">As many numbers to work with.</param>
    public static void KeepNucleus(Span<float> weights, double p, Span<float> scratch)
    {
        // All those lighter than an n-th part of what may go weigh less together than it.
        var total = SumFrom(weights, 0);
        var target = p * total;
        var low = (float)(0.99 * (total - target) / weights.Length);
        var least = LargestThreshold(weights, scratch, SumFrom, target, low);
        var missing = target - SumFrom(weights, float.BitIncrement(least));
        KeepFrom(weights, least, least > 0 ? (int)Math.Clamp(Math.Ceiling(missing / least), 1, weights.Length) : weights.Length);
    }

    /// <summary>Keeps those from a threshold on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void DropBelow(Span<float> weights, float threshold)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var limit = new Vector<float>(threshold);
        foreach (ref var vector in vectors)
        {
            vector = Vector.ConditionalSelect(Vector.GreaterThanOrEqual(vector, limit), vector, Vector<float>.Zero);
        }

        foreach (ref var weight in weights[(vectors.Length * Vector<float>.Count)..])
        {
            weight = weight >= threshold ? weight : 0;
        }
    }

    /// <summary>The place of a weight, each as likely as it is heavy.</summary>
    /// <param name="weights">At least one above 0.</param>
    /// <param name="uniform">A random number from [0, 1).</param>
    public static int Draw(ReadOnlySpan<float> weights, double uniform)
    {
        var chunks = (weights.Length + ChunkLength - 1) / ChunkLength;
        Span<double> sums = chunks <= ChunkLength ? stackalloc double[chunks] : new double[chunks];
        var total = 0.0;
        for (var i = 0; i < chunks; i++)
        {
            sums[i] = TensorPrimitives.Sum(Chunk(weights, i));
            total += sums[i];
        }

        var (left, chosen) = (uniform * total, 0);
        for (var i = 0; i < chunks; i++)
        {
            if (sums[i] > 0)
            {
                chosen = i;
                if (left < sums[i])
                {
                    break;
                }

                left -= sums[i];
            }
        }

        return (chosen * ChunkLength) + DrawOneByOne(Chunk(weights, chosen), left);
    }

    // Where rounding leaves a little at the end, the last weight above 0.
    private static int DrawOneByOne(ReadOnlySpan<float> weights, double left)
    {
        var last = 0;
        for (var i = 0; i < weights.Length && left >= 0; i++)
        {
            if (weights[i] > 0)
            {
                last = i;
                left -= weights[i];
            }
        }

        return last;
    }

    private static ReadOnlySpan<float> Chunk(ReadOnlySpan<float> weights, int i) => weights.Slice(i * ChunkLength, Math.Min(ChunkLength, weights.Length - (i * ChunkLength)));

    private delegate double Tally(ReadOnlySpan<float> weights, float threshold);

    // The largest threshold from which on the tally reaches what is asked, which it does from low on.
    private static float LargestThreshold(ReadOnlySpan<float> weights, Span<float> scratch, Tally tally, double asked, float low)
    {
        var (enough, tooFew) = (BitConverter.SingleToInt32Bits(low), BitConverter.SingleToInt32Bits(1) + 1);
        var open = weights;
        var isNarrow = false;
        while (tooFew - enough > 1)
        {
            var middle = enough + ((tooFew - enough) / 2);
            (enough, tooFew) = tally(open, BitConverter.Int32BitsToSingle(middle)) >= asked ? (middle, tooFew) : (enough, middle);
            if (!isNarrow && tooFew - enough <= NarrowRange)
            {
                // Heavier ones count from now on whatever happens, lighter ones never.
                var limit = BitConverter.Int32BitsToSingle(tooFew);
                asked -= tally(weights, limit);
                open = Between(weights, BitConverter.Int32BitsToSingle(enough), limit, scratch);
                isNarrow = true;
            }
        }

        return BitConverter.Int32BitsToSingle(enough);
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static ReadOnlySpan<float> Between(ReadOnlySpan<float> weights, float low, float high, Span<float> found)
    {
        var count = 0;
        foreach (var weight in weights)
        {
            // Written in any case: no branch to be guessed wrongly.
            found[count] = weight;
            count += weight >= low & weight < high ? 1 : 0;
        }

        return found[..count];
    }

    // Of those that equal the threshold, only the first few.
    private static void KeepFrom(Span<float> weights, float threshold, int equal)
    {
        DropBelow(weights, threshold);
        if (CountFrom(weights, threshold) - CountFrom(weights, float.BitIncrement(threshold)) <= equal)
        {
            return;
        }

        for (var (start, kept) = (0, 0); weights[start..].IndexOf(threshold) is >= 0 and var place; start += place + 1)
        {
            kept++;
            weights[start + place] = kept <= equal ? threshold : 0;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static double SumFrom(ReadOnlySpan<float> weights, float threshold)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var limit = new Vector<float>(threshold);
        var (a, b, c, d) = (Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero, Vector<float>.Zero);
        var rest = vectors;
        for (; rest.Length >= 4; rest = rest[4..])
        {
            // Four sums at once, as an addition waits for the one before it.
            a += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(rest[0], limit), rest[0], Vector<float>.Zero);
            b += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(rest[1], limit), rest[1], Vector<float>.Zero);
            c += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(rest[2], limit), rest[2], Vector<float>.Zero);
            d += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(rest[3], limit), rest[3], Vector<float>.Zero);
        }

        double sum = Vector.Sum(a + b + c + d);
        foreach (var weight in weights[((vectors.Length - rest.Length) * Vector<float>.Count)..])
        {
            sum += weight >= threshold ? weight : 0;
        }

        return sum;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int CountFrom(ReadOnlySpan<float> weights, float threshold)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var limit = new Vector<float>(threshold);
        var counts = Vector<int>.Zero;
        foreach (var vector in vectors)
        {
            // A comparison that holds is all ones: -1.
            counts -= Vector.GreaterThanOrEqual(vector, limit);
        }

        var count = Vector.Sum(counts);
        foreach (var weight in weights[(vectors.Length * Vector<float>.Count)..])
        {
            count += weight >= threshold ? 1 : 0;
        }

        return count;
    }
}
