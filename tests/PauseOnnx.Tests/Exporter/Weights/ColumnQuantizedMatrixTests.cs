using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

public class ColumnQuantizedMatrixTests
{
    [Test]
    public void Parts_AreRoundedByTheLargestOfEachColumn([Values(1, 33, 300)] int inputs, [Values(1, 7, 130)] int outputs, [Values] bool scalesFirst)
    {
        var matrix = PlainMatrix.Random(inputs, outputs);
        var quantized = new ColumnQuantizedMatrix(matrix);
        var early = scalesFirst ? TensorBytes.Of(quantized.Scales) : [];
        var values = MemoryMarshal.Cast<byte, sbyte>(TensorBytes.Of(quantized.Values)).ToArray();
        var bytes = TensorBytes.Of(quantized.Scales);
        var scales = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        for (var column = 0; column < outputs; column++)
        {
            var weights = Enumerable.Range(0, inputs).Select(row => matrix.Values[(row * outputs) + column]).ToArray();
            Assert.That(scales[column], Is.EqualTo(weights.Max(Math.Abs) / 127));
            Assert.That(Enumerable.Range(0, inputs).Select(row => values[(row * outputs) + column]), Is.EqualTo(weights.Select(w => (sbyte)MathF.Round(w / scales[column]))));
        }

        Assert.That(quantized.Dequantize(), Is.EqualTo(values.Select((v, i) => v * scales[i % outputs])));
        Assert.That(scalesFirst ? early : bytes, Is.EqualTo(bytes));
    }

    [Test]
    public void ColumnOfZeros_HasScaleOne()
    {
        var quantized = new ColumnQuantizedMatrix(new PlainMatrix(2, 2, [0, -1, 0, 1]));
        Assert.That(MemoryMarshal.Cast<byte, float>(TensorBytes.Of(quantized.Scales)).ToArray(), Is.EqualTo(new[] { 1, 1 / 127f }));
        Assert.That(TensorBytes.Of(quantized.Values), Is.EqualTo(new byte[] { 0, 0x81, 0, 127 }));
    }
}
