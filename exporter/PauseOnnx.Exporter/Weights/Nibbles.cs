using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace PauseOnnx.Exporter.Weights;

/// <summary>4-bit integers two a byte, the first in the low half, as ONNX stores int4 and uint4.</summary>
internal static class Nibbles
{
    /// <summary>Bytes that some 4-bit integers take.</summary>
    public static long BytesOf(long count) => (count + 1) / 2;

    /// <summary>Packs integers; behind an odd number of them, the last half byte is zero.</summary>
    /// <param name="values">One a byte, 0 to 15.</param>
    /// <param name="packed">Filled completely.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack(ReadOnlySpan<byte> values, Span<byte> packed)
    {
        // A pair as one little-endian number.
        var pairs = MemoryMarshal.Cast<byte, Vector<ushort>>(values);
        var low = new Vector<ushort>(0xF);
        var done = 0;
        for (var i = 0; i + 1 < pairs.Length; i += 2)
        {
            Vector.Narrow((pairs[i] & low) | (pairs[i] >>> 4), (pairs[i + 1] & low) | (pairs[i + 1] >>> 4)).CopyTo(packed[done..]);
            done += Vector<byte>.Count;
        }

        for (; done < packed.Length; done++)
        {
            var second = (2 * done) + 1 < values.Length ? values[(2 * done) + 1] : 0;
            packed[done] = (byte)(values[2 * done] | (second << 4));
        }
    }
}
