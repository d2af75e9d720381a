using System.Diagnostics;
using System.Numerics;
using System.Runtime.InteropServices;

namespace PauseOnnx.Benchmarks;

/// <summary>How fast this machine reads memory: what a decode step, which reads every weight once, cannot be faster than.</summary>
internal static class MemoryBandwidth
{
    private const int Values = 256 << 20;
    private const int Repetitions = 8;

    /// <summary>Reads two gigabytes several times over.</summary>
    /// <param name="threads">Threads that share it.</param>
    /// <returns>Bytes a second of the fastest time.</returns>
    public static unsafe double Measure(int threads)
    {
        var values = (long*)NativeMemory.Alloc(Values, sizeof(long));
        new Span<long>(values, Values).Fill(1);
        var part = Values / threads / Vector<long>.Count / 4 * Vector<long>.Count * 4;
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

    private static long Sum(ReadOnlySpan<long> values)
    {
        var vectors = MemoryMarshal.Cast<long, Vector<long>>(values);
        var (a, b, c, d) = (Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero, Vector<long>.Zero);
        for (var i = 0; i + 3 < vectors.Length; i += 4)
        {
            a += vectors[i];
            b += vectors[i + 1];
            c += vectors[i + 2];
            d += vectors[i + 3];
        }

        return Vector.Sum(a + b + c + d);
    }
}
