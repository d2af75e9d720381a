namespace PauseOnnx.Exporter.Weights;

/// <summary>4-bit integers two a byte, the first in the low half, as ONNX stores int4 and uint4.</summary>
internal static class Nibbles
{
    /// <summary>Bytes that some 4-bit integers take.</summary>
    public static long BytesOf(long count) => (count + 1) / 2;

    /// <summary>Packs integers; of an odd number, the last half byte is zero.</summary>
    /// <param name="values">One a byte; only the low four bits count.</param>
    /// <param name="packed">Filled completely.</param>
    public static void Pack(ReadOnlySpan<byte> values, Span<byte> packed)
    {
        for (var i = 0; i < values.Length / 2; i++)
        {
            packed[i] = (byte)((values[2 * i] & 0xF) | (values[(2 * i) + 1] << 4));
        }

        if (values.Length % 2 == 1)
        {
            packed[values.Length / 2] = (byte)(values[^1] & 0xF);
        }
    }
}
