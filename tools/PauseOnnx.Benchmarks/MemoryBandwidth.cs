using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Runtime.Intrinsics;

namespace PauseOnnx.Benchmarks;

/// <summary>How fast this machine reads memory: what a decode step, which reads every weight once, cannot be faster than.</summary>
internal static class MemoryBandwidth
{
    private const int Values = 256 << 20;
    private const int Repetitions = 8;
    private const int Places = 4;
    private static readonly int Stride = Places * Vector512<long>.Count;

    /// <summary>Reads two gigabytes several times over.</summary>
    /// <param name="threads">Threads that share it.</param>
    /// <returns>Bytes a second of the fastest time.</returns>
    public static unsafe double Measure(int threads)
    {
        var values = (long*)NativeMemory.Alloc(Values, sizeof(long));
        new Span<long>(values, Values).Fill(1);
        var part = Values / threads / Stride * Stride;
        var least = Enumerable.Range(0, Repetitions).Min(_ =>
        {
            var clock = Stopwatch.StartNew();
            var sums = new long[threads];
            Parallel.For(0, threads, new ParallelOptions { MaxDegreeOfParallelism = threads }, i => sums[i] = Sum(new(values + ((long)i * part), part)));
            var seconds = clock.Elapsed.TotalSeconds;
            return sums.Sum() == part * threads ? seconds : throw new InvalidOperationException($"{Values} ones add up to {sums.Sum()}.");
        });
        NativeMemory.Free(values);
        return (double)part * threads * sizeof(long) / least;
    }

    // Four places at once, as a matrix product reads four rows: one place alone does not keep the memory busy.
    private static long Sum(ReadOnlySpan<long> values)
    {
        var vectors = MemoryMarshal.Cast<long, Vector512<long>>(values);
        var quarter = vectors.Length / Places;
        ReadOnlySpan<Vector512<long>> first = vectors[..quarter], second = vectors.Slice(quarter, quarter);
        ReadOnlySpan<Vector512<long>> third = vectors.Slice(2 * quarter, quarter), fourth = vectors.Slice(3 * quarter, quarter);
        var (a, b, c, d) = (Vector512<long>.Zero, Vector512<long>.Zero, Vector512<long>.Zero, Vector512<long>.Zero);
        for (var i = 0; i < quarter; i++)
        {
            a += first[i];
            b += second[i];
            c += third[i];
            d += fourth[i];
        }

        return Vector512.Sum(a + b + c + d);
    }
}
