using System.Buffers.Binary;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace PauseOnnx.Benchmarks.LlamaCpp;

/// <summary>Numbers as the bytes of a GGUF tensor, rounded as llama.cpp's own quantizer rounds them.</summary>
internal static class GgufBlocks
{
    private const int Length = GgufTypes.BlockLength;

    /// <summary>Encodes values.</summary>
    /// <param name="type">How.</param>
    /// <param name="values">A multiple of <see cref="GgufTypes.BlockLength"/>, but for F32.</param>
    /// <param name="bytes">Filled completely: <see cref="GgufTypes.BytesOf"/>.</param>
    public static void Encode(GgufType type, ReadOnlySpan<float> values, Span<byte> bytes)
    {
        if (type == GgufType.F32)
        {
            MemoryMarshal.AsBytes(values).CopyTo(bytes);
            return;
        }

        var size = (int)GgufTypes.BytesOf(type, Length);
        for (var block = 0; block < values.Length / Length; block++)
        {
            var source = values.Slice(block * Length, Length);
            var target = bytes.Slice(block * size, size);
            if (type == GgufType.Q8)
            {
                EncodeBytes(source, target);
            }
            else
            {
                EncodeNibbles(source, target);
            }
        }
    }

    // The value of greatest size becomes 127 or -127.
    private static void EncodeBytes(ReadOnlySpan<float> values, Span<byte> block)
    {
        var scale = Math.Abs(TensorPrimitives.MaxMagnitude(values)) / 127;
        var inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        for (var i = 0; i < Length; i++)
        {
            block[2 + i] = (byte)(sbyte)MathF.Round(values[i] * inverse, MidpointRounding.AwayFromZero);
        }
    }

    // The value of greatest size, of equal ones the first, becomes -8, stored as 0; the first half of a block has the lower
    // nibbles.
    private static void EncodeNibbles(ReadOnlySpan<float> values, Span<byte> block)
    {
        var largest = 0f;
        foreach (var value in values)
        {
            largest = MathF.Abs(value) > MathF.Abs(largest) ? value : largest;
        }

        var scale = largest / -8;
        var inverse = scale == 0 ? 0 : 1 / scale;
        BinaryPrimitives.WriteHalfLittleEndian(block, (Half)scale);
        for (var i = 0; i < Length / 2; i++)
        {
            block[2 + i] = (byte)(Nibble(values[i] * inverse) | (Nibble(values[i + (Length / 2)] * inverse) << 4));
        }
    }

    private static int Nibble(float value) => Math.Min(15, (int)(value + 8.5f));
}
