using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace PauseOnnx.Runtime;

/// <summary>Weights of tokens, from 0 to 1, of which all but the heavier ones are set to 0.</summary>
/// <remarks>
/// The bits of floats that are not negative are in the order of the floats, so the smallest weight to keep is found by halving
/// a range of 2^30: 30 passes of a few microseconds over 32,000 weights, where sorting takes milliseconds.
/// </remarks>
internal static class Weights
{
    // Within it, a draw adds one by one.
    private const int ChunkLength = 512;

    /// <summary>Keeps the k largest; of equal ones the lower places.</summary>
    public static void KeepLargest(Span<float> weights, int k)
    {
        var least = LargestThreshold(weights, static (w, threshold, k) => CountFrom(w, threshold) >= k, k);
        KeepFrom(weights, least, k - CountFrom(weights, float.BitIncrement(least)));
    }

    /// <summary>Keeps the largest up to and including the one with which their share of the sum reaches p; of equal ones the lower places.</summary>
    public static void KeepNucleus(Span<float> weights, double p)
    {
        var target = p * SumFrom(weights, 0);
        var least = LargestThreshold(weights, static (w, threshold, target) => SumFrom(w, threshold) >= target, target);
        var missing = target - SumFrom(weights, float.BitIncrement(least));
        KeepFrom(weights, least, least > 0 ? (int)Math.Clamp(Math.Ceiling(missing / least), 1, weights.Length) : weights.Length);
    }

    /// <summary>Keeps those from a threshold on.</summary>
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

    private delegate bool Reaches<T>(ReadOnlySpan<float> weights, float threshold, T asked);

    // The largest threshold from which on enough is left; 0 leaves everything.
    private static float LargestThreshold<T>(ReadOnlySpan<float> weights, Reaches<T> reaches, T asked)
    {
        var (enough, tooFew) = (0, BitConverter.SingleToInt32Bits(1) + 1);
        while (tooFew - enough > 1)
        {
            var middle = enough + ((tooFew - enough) / 2);
            (enough, tooFew) = reaches(weights, BitConverter.Int32BitsToSingle(middle), asked) ? (middle, tooFew) : (enough, middle);
        }

        return BitConverter.Int32BitsToSingle(enough);
    }

    // Of those that equal the threshold, only the first few.
    private static void KeepFrom(Span<float> weights, float threshold, int equal)
    {
        DropBelow(weights, threshold);
        for (var (start, kept) = (0, 0); weights[start..].IndexOf(threshold) is >= 0 and var place; start += place + 1)
        {
            kept++;
            weights[start + place] = kept <= equal ? threshold : 0;
        }
    }

    private static double SumFrom(ReadOnlySpan<float> weights, float threshold)
    {
        var vectors = MemoryMarshal.Cast<float, Vector<float>>(weights);
        var limit = new Vector<float>(threshold);
        var (even, odd) = (Vector<float>.Zero, Vector<float>.Zero);
        for (var i = 0; i + 1 < vectors.Length; i += 2)
        {
            even += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(vectors[i], limit), vectors[i], Vector<float>.Zero);
            odd += Vector.ConditionalSelect(Vector.GreaterThanOrEqual(vectors[i + 1], limit), vectors[i + 1], Vector<float>.Zero);
        }

        double sum = Vector.Sum(even + odd);
        foreach (var weight in weights[(vectors.Length / 2 * 2 * Vector<float>.Count)..])
        {
            sum += weight >= threshold ? weight : 0;
        }

        return sum;
    }

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
