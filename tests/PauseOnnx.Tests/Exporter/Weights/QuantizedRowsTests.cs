using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Weights;

public class QuantizedRowsTests
{
    private const string Table = "model.embed_tokens.weight";

    // More than one tile of rows.
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"] with { HiddenSize = 150, VocabSize = 2001, Pause = new() { TokenId = 2000 } };

    [Test]
    public void Parts_AreRoundedByTheLargestOfEachRow([Values] bool scalesFirst)
    {
        const int rows = 1999, columns = 150;
        using var checkpoint = new StoredCheckpoint(Config);
        var quantized = new QuantizedRows(new WeightData(checkpoint.Weights, Table, rows));
        var early = scalesFirst ? TensorBytes.Of(quantized.Scales) : [];
        var values = MemoryMarshal.Cast<byte, sbyte>(TensorBytes.Of(quantized.Values)).ToArray();
        var bytes = TensorBytes.Of(quantized.Scales);
        var scales = MemoryMarshal.Cast<byte, float>(bytes).ToArray();
        Assert.That((values.Length, scales.Length), Is.EqualTo((rows * columns, rows)));
        for (var row = 0; row < rows; row++)
        {
            var weights = checkpoint.Values[Table].AsSpan(row * columns, columns).ToArray();
            Assert.That(scales[row], Is.EqualTo(weights.Max(Math.Abs) / 127));
            Assert.That(values.AsSpan(row * columns, columns).SequenceEqual([.. weights.Select(w => (sbyte)MathF.Round(w / scales[row]))]), Is.True);
        }

        Assert.That(quantized.Dequantize().AsSpan().SequenceEqual([.. values.Select((v, i) => v * scales[i / columns])]), Is.True);
        Assert.That(scalesFirst ? early : bytes, Is.EqualTo(bytes));
    }

    [Test]
    public void RowThatIsNotFinite_IsNamed()
    {
        using var checkpoint = new StoredCheckpoint(Config, odd: (Table, (1998 * 150) + 3, float.NaN));
        Assert.That(
            () => new QuantizedRows(new WeightData(checkpoint.Weights, Table, 2000)).Scales.Write(Stream.Null, _ => { }),
            Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"Weight '{Table}' is NaN at [1998, 3]; expected finite numbers ({checkpoint.File})."));
    }
}
