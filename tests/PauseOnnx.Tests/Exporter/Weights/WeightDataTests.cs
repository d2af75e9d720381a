using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>Weights as they lie in the checkpoint, larger than the tiles they are moved in.</summary>
public class WeightDataTests
{
    private const string Table = "model.embed_tokens.weight";
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"] with { HiddenSize = 150, VocabSize = 2001, Pause = new() { TokenId = 2000 } };

    [Test]
    public void FirstRows_OfEachType_AreTheBeginningOfTheWeight([Values(SafetensorsType.F32, SafetensorsType.F16, SafetensorsType.BF16)] SafetensorsType type)
    {
        using var checkpoint = new StoredCheckpoint(Config, type);
        var rows = new WeightData(checkpoint.Weights, Table, 2000);
        Assert.That((rows.Rows, rows.Columns, rows.Length), Is.EqualTo((2000, 150, 2000 * 150 * sizeof(float))));
        Assert.That(MemoryMarshal.Cast<byte, float>(TensorBytes.Of(rows)).SequenceEqual(checkpoint.Values[Table].AsSpan(0, 2000 * 150)), Is.True);
    }

    [Test]
    public void Transposed_IsTheRightOperandOfAMatMul()
    {
        using var checkpoint = new StoredCheckpoint(Config);
        var turned = new WeightData(checkpoint.Weights, Table, 2000).Transposed();
        Assert.That((turned.Inputs, turned.Outputs), Is.EqualTo((150, 2000)));
        var tile = new float[2000];
        turned.ReadRows(7, 1, tile);
        Assert.That(tile, Is.EqualTo(Enumerable.Range(0, 2000).Select(row => checkpoint.Values[Table][(row * 150) + 7])));
    }

    [TestCase(0, "[0, 0]")]
    [TestCase(151, "[1, 1]")]
    [TestCase((2000 * 150) - 1, "[1999, 149]")]
    public void ValueThatIsNotFinite_IsNamedWithItsPlace(int index, string place)
    {
        using var checkpoint = new StoredCheckpoint(Config, odd: (Table, index, float.NegativeInfinity));
        Assert.That(() => new WeightData(checkpoint.Weights, Table, 2000).Write(Stream.Null, _ => { }), Throws.TypeOf<ModelFormatException>()
            .With.Message.EqualTo($"Weight '{Table}' is -Infinity at {place}; expected finite numbers ({checkpoint.File})."));
    }

    [Test]
    public void ValueThatIsNotFinite_InARowThatIsNotKept_DoesNotMatter()
    {
        using var checkpoint = new StoredCheckpoint(Config, odd: (Table, 2000 * 150, float.NaN));
        Assert.That(() => new WeightData(checkpoint.Weights, Table, 2000).Write(Stream.Null, _ => { }), Throws.Nothing);
    }
}
