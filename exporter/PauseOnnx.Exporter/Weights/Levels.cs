using System.Numerics;
using System.Runtime.CompilerServices;

namespace PauseOnnx.Exporter.Weights;

/// <summary>Rounds weights to the integers that a file holds.</summary>
internal static class Levels
{
    /// <summary>
    /// round(weight / scale) + zero point, to nearest, ties to even, held from 0 to <paramref name="top"/>; where values have a
    /// sign, less the middle level, in two's complement of as many bits.
    /// </summary>
    /// <param name="weights">Finite weights.</param>
    /// <param name="scales">A scale for each.</param>
    /// <param name="zeroPoints">A zero point for each, a level counted from 0.</param>
    /// <param name="top">Largest level: 15 or 255.</param>
    /// <param name="hasSign">Whether the middle level, 8 or 128, becomes 0.</param>
    /// <param name="values">One a byte.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Round(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int top, bool hasSign, Span<byte> values)
    {
        // To take the middle level away is to turn the highest bit round.
        var sign = (byte)(hasSign ? (top + 1) / 2 : 0);
        var (done, lanes) = (0, Vector<float>.Count);
        for (; done <= weights.Length - (4 * lanes); done += 4 * lanes)
        {
            var low = Vector.Narrow(Lanes(weights, scales, zeroPoints, top, done), Lanes(weights, scales, zeroPoints, top, done + lanes));
            var high = Vector.Narrow(
                Lanes(weights, scales, zeroPoints, top, done + (2 * lanes)), Lanes(weights, scales, zeroPoints, top, done + (3 * lanes)));
            (Vector.Narrow(low, high).As<sbyte, byte>() ^ new Vector<byte>(sign)).CopyTo(values[done..]);
        }

        for (; done < weights.Length; done++)
        {
            var level = MathF.Round(weights[done] / scales[done]) + zeroPoints[done];
            values[done] = (byte)((byte)Math.Clamp(level, 0, top) ^ sign);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector<int> Lanes(
        ReadOnlySpan<float> weights, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int top, int first)
    {
        var level = Vector.Round(new Vector<float>(weights[first..]) / new Vector<float>(scales[first..])) + new Vector<float>(zeroPoints[first..]);
        return Vector.ConvertToInt32Native(Vector.ClampNative(level, Vector<float>.Zero, new(top)));
    }
}
