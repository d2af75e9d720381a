using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>Blocks of 32 inputs as integers, against plain loops.</summary>
public class QuantizedMatrixTests
{
    [Test]
    public void Values_WithTheirScales_GiveWhatDequantizeGives(
        [Values(4, 8)] int bits, [Values] bool isSymmetric, [Values] bool leastError, [Values(1, 33, 300)] int inputs, [Values(1, 7, 130)] int outputs)
    {
        var scheme = new QuantizationScheme(bits, isSymmetric, leastError ? ScaleSearch.LeastError : ScaleSearch.Range);
        var matrix = PlainMatrix.Random(inputs, outputs);
        var quantized = new QuantizedMatrix(matrix, scheme);
        var (values, scales, zeroPoints) = Write(quantized, scheme, matrix.Values.Length);

        var blocks = (inputs + 31) / 32;
        Assert.That((scales.Length, zeroPoints?.Length), Is.EqualTo((blocks * outputs, scheme.IsSymmetric ? (int?)null : blocks * outputs)));
        var expected = new float[inputs * outputs];
        for (var i = 0; i < expected.Length; i++)
        {
            var block = (i / outputs / 32 * outputs) + (i % outputs);
            expected[i] = (values[i] - (zeroPoints?[block] ?? 0)) * scales[block];
            Assert.That(expected[i], Is.EqualTo(matrix.Values[i]).Within(3 * scales[block]));
        }

        Assert.That(quantized.Dequantize(), Is.EqualTo(expected));
    }

    // Integers of the written tensors, whatever they are packed in.
    private static (int[] Values, float[] Scales, int[]? ZeroPoints) Write(QuantizedMatrix quantized, QuantizationScheme scheme, int count)
    {
        var scales = MemoryMarshal.Cast<byte, float>(TensorBytes.Of(quantized.Scales)).ToArray();
        return (
            Unpack(TensorBytes.Of(quantized.Values), scheme, count),
            scales,
            quantized.ZeroPoints is { } zeroPoints ? Unpack(TensorBytes.Of(zeroPoints), scheme, scales.Length) : null);
    }

    private static int[] Unpack(byte[] bytes, QuantizationScheme scheme, int count)
    {
        Assert.That(bytes, Has.Length.EqualTo(scheme.Bits == 4 ? (count + 1) / 2 : count));
        return [.. Enumerable.Range(0, count).Select(i => (scheme.Bits, scheme.IsSymmetric) switch
        {
            (8, true) => (sbyte)bytes[i],
            (8, false) => bytes[i],
            (_, true) => (sbyte)(((bytes[i / 2] >> (i % 2 * 4)) & 0xF) << 4) >> 4,
            _ => (bytes[i / 2] >> (i % 2 * 4)) & 0xF,
        })];
    }
}
