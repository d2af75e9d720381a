using System.Numerics;
using System.Runtime.InteropServices;

namespace PauseOnnx.Trainer;

/// <summary>Between float32 and bfloat16, which is its upper half.</summary>
internal static class BFloat16Bits
{
    private const int Shift = 16;

    /// <summary>Exact.</summary>
    /// <param name="bits">bfloat16.</param>
    /// <param name="values">At least as long.</param>
    public static void Widen(ReadOnlySpan<ushort> bits, Span<float> values)
    {
        var destination = MemoryMarshal.Cast<float, uint>(values);
        var i = 0;
        for (; i <= bits.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            Vector.Widen(new Vector<ushort>(bits[i..]), out var low, out var high);
            (low << Shift).CopyTo(destination[i..]);
            (high << Shift).CopyTo(destination[(i + Vector<uint>.Count)..]);
        }

        for (; i < bits.Length; i++)
        {
            destination[i] = (uint)bits[i] << Shift;
        }
    }

    /// <summary>To the nearest, ties to even; infinities and NaN stay what they are.</summary>
    /// <param name="values">float32.</param>
    /// <param name="bits">As long.</param>
    public static void Round(ReadOnlySpan<float> values, Span<ushort> bits)
    {
        var source = MemoryMarshal.Cast<float, uint>(values);
        var i = 0;
        for (; i <= values.Length - Vector<ushort>.Count; i += Vector<ushort>.Count)
        {
            var low = Round(new Vector<uint>(source[i..]));
            var high = Round(new Vector<uint>(source[(i + Vector<uint>.Count)..]));
            Vector.Narrow(low, high).CopyTo(bits[i..]);
        }

        for (; i < values.Length; i++)
        {
            bits[i] = (ushort)Round(new Vector<uint>(source[i]))[0];
        }
    }

    private static Vector<uint> Round(Vector<uint> x)
    {
        var rounded = (x + new Vector<uint>(0x7fff) + ((x >> Shift) & Vector<uint>.One)) >> Shift;
        // Rounding up could turn a NaN into infinity or zero: keep its upper half, with a bit that makes it quiet.
        var isNaN = Vector.GreaterThan(x & new Vector<uint>(0x7fffffff), new Vector<uint>(0x7f800000));
        return Vector.ConditionalSelect(isNaN, (x >> Shift) | new Vector<uint>(0x40), rounded);
    }
}
