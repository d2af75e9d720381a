using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>Linear weights as right operands, against plain loops; sizes that fill no strip, square or tile.</summary>
public class LinearDataTests
{
    // 150 inputs are several tiles of rows and a part; 24 and 12 outputs end a strip early.
    private static readonly ModelConfig Llama = TinyCheckpoint.Configs["llama"] with { HiddenSize = 150, IntermediateSize = 9001 };
    private const string Queries = "model.layers.0.self_attn.q_proj.weight";
    private const string Keys = "model.layers.0.self_attn.k_proj.weight";
    private const string Up = "model.layers.1.mlp.up_proj.weight";
    private const string Joined = "transformer.h.1.attn.c_attn";

    [Test]
    public void Weights_OfEachType_LieSideBySideAndTurned([Values(SafetensorsType.F32, SafetensorsType.F16, SafetensorsType.BF16)] SafetensorsType type)
    {
        using var checkpoint = new StoredCheckpoint(Llama, type);
        var (queries, keys) = (checkpoint.Values[Queries], checkpoint.Values[Keys]);
        var data = new LinearData(checkpoint.Weights, [OutputRange.All(checkpoint.Weights, Queries), OutputRange.All(checkpoint.Weights, Keys)], isInOut: false);
        Assert.That((data.Inputs, data.Outputs, data.Length), Is.EqualTo((150L, 36, 150L * 36 * sizeof(float))));
        Assert.That(Written(data), Is.EqualTo(Plain(150, 36, (i, o) => o < 24 ? queries[(o * 150) + i] : keys[((o - 24) * 150) + i])));
    }

    [Test]
    public void WeightOfManyTiles_IsWrittenInOrder()
    {
        using var checkpoint = new StoredCheckpoint(Llama);
        var values = checkpoint.Values[Up];
        var data = new LinearData(checkpoint.Weights, [OutputRange.All(checkpoint.Weights, Up)], isInOut: false);
        Assert.That(data.TileRows, Is.LessThan(data.Inputs / 2), "the test needs several tiles");
        Assert.That(Written(data).AsSpan().SequenceEqual(Plain(150, 9001, (i, o) => values[(o * 150) + i])), Is.True);
    }

    [Test]
    public void Read_OfAnyPart_IsThatPart()
    {
        using var checkpoint = new StoredCheckpoint(Llama);
        OutputRange[] parts = [new(Queries, 5, 7), new(Keys, 0, 12), new(Queries, 1, 2, 6, 4)];
        var data = new LinearData(checkpoint.Weights, parts, isInOut: false);
        var whole = Written(data);
        Assert.That(data.Outputs, Is.EqualTo(7 + 12 + 8));
        var random = new Random(3);
        for (var i = 0; i < 200; i++)
        {
            var (firstInput, firstOutput) = (random.Next(150), random.Next(data.Outputs));
            var (inputs, outputs) = (random.Next(1, 151 - firstInput), random.Next(1, data.Outputs + 1 - firstOutput));
            var stride = outputs + random.Next(3);
            var tile = new float[inputs * stride];
            data.Read(firstInput, inputs, firstOutput, outputs, tile, stride);
            Assert.That(tile, Is.EqualTo(Plain(inputs, stride, (row, column) => column < outputs ? whole[((firstInput + row) * data.Outputs) + firstOutput + column] : 0)));
        }
    }

    [Test]
    public void QueriesKeysAndValuesOfGpt2_AreColumnsOfOneMatrix([Values(SafetensorsType.F32, SafetensorsType.BF16)] SafetensorsType type, [Range(0, 2)] int which)
    {
        using var checkpoint = new StoredCheckpoint(TinyCheckpoint.Configs["gpt2"], type);
        var (matrix, bias) = (checkpoint.Values[$"{Joined}.weight"], checkpoint.Values[$"{Joined}.bias"]);
        var data = new LinearData(checkpoint.Weights, [new($"{Joined}.weight", which * 16, 16)], isInOut: true);
        var vector = new VectorData(checkpoint.Weights, [new($"{Joined}.bias", which * 16, 16)]);
        Assert.That(Written(data), Is.EqualTo(Plain(16, 16, (i, o) => matrix[(i * 48) + (which * 16) + o])));
        Assert.That(MemoryMarshal.Cast<byte, float>(TensorBytes.Of(vector)).ToArray(), Is.EqualTo(bias[(which * 16)..((which * 16) + 16)]));
    }

    [Test]
    public void QueriesKeysAndValuesOfGptNeox_AreRowsOfEachHeadInTurn([Range(0, 2)] int which)
    {
        const int heads = 2, d = 8, c = 16;
        const string name = "gpt_neox.layers.0.attention.query_key_value";
        using var checkpoint = new StoredCheckpoint(TinyCheckpoint.Configs["gpt_neox"]);
        var (matrix, bias) = (checkpoint.Values[$"{name}.weight"], checkpoint.Values[$"{name}.bias"]);
        OutputRange Part(string suffix) => new($"{name}.{suffix}", which * d, d, 3 * d, heads);
        static int Row(int output, int which) => (output / d * 3 * d) + (which * d) + (output % d);
        Assert.That(Written(new LinearData(checkpoint.Weights, [Part("weight")], isInOut: false)), Is.EqualTo(Plain(c, c, (i, o) => matrix[(Row(o, which) * c) + i])));
        Assert.That(
            MemoryMarshal.Cast<byte, float>(TensorBytes.Of(new VectorData(checkpoint.Weights, [Part("bias")]))).ToArray(),
            Is.EqualTo(Enumerable.Range(0, c).Select(o => bias[Row(o, which)])));
    }

    [Test]
    public void Join_OfMatricesAndOfVectors_IsAllOfThem()
    {
        using var checkpoint = new StoredCheckpoint(TinyCheckpoint.Configs["gpt2"]);
        OutputRange Part(string suffix, int which) => new($"{Joined}.{suffix}", which * 16, 16);
        var data = LinearData.Join([.. Enumerable.Range(0, 3).Select(w => new LinearData(checkpoint.Weights, [Part("weight", w)], isInOut: true))]);
        var vector = VectorData.Join([.. Enumerable.Range(0, 3).Select(w => new VectorData(checkpoint.Weights, [Part("bias", w)]))]);
        Assert.That(Written(data), Is.EqualTo(checkpoint.Values[$"{Joined}.weight"]));
        Assert.That(MemoryMarshal.Cast<byte, float>(TensorBytes.Of(vector)).ToArray(), Is.EqualTo(checkpoint.Values[$"{Joined}.bias"]));
        Assert.That((data.Describe(48 + 17), vector.Describe(17)), Is.EqualTo((
            $"Weight '{Joined}.weight' at [1, 17] ({checkpoint.File})", $"Weight '{Joined}.bias' at [17] ({checkpoint.File})")));
    }

    [Test]
    public void Describe_NamesTheElementInTheCheckpoint()
    {
        using var checkpoint = new StoredCheckpoint(Llama);
        var data = new LinearData(checkpoint.Weights, [new(Queries, 5, 7), new(Keys, 2, 3)], isInOut: false);
        Assert.That(data.Describe((11 * 10) + 6), Is.EqualTo($"Weight '{Queries}' at [11, 11] ({checkpoint.File})"));
        Assert.That(data.Describe((11 * 10) + 9), Is.EqualTo($"Weight '{Keys}' at [4, 11] ({checkpoint.File})"));
    }

    [TestCase(SafetensorsType.F32, float.NaN, 0)]
    [TestCase(SafetensorsType.F32, float.PositiveInfinity, 3599)]
    [TestCase(SafetensorsType.F32, float.NegativeInfinity, 1234)]
    [TestCase(SafetensorsType.F16, float.NaN, 3595)]
    [TestCase(SafetensorsType.F16, float.PositiveInfinity, 7)]
    [TestCase(SafetensorsType.BF16, float.NegativeInfinity, 2222)]
    public void WeightThatIsNotFinite_IsNamed(SafetensorsType type, float value, int index)
    {
        using var checkpoint = new StoredCheckpoint(Llama, type, (Queries, index, value));
        var data = new LinearData(checkpoint.Weights, [OutputRange.All(checkpoint.Weights, Queries)], isInOut: false);
        var message = $"Weight '{Queries}' is {value} at [{index / 150}, {index % 150}]; expected finite numbers ({checkpoint.File}).";
        foreach (var tensor in new[] { data, new QuantizedMatrix(data, new(4, true, ScaleSearch.LeastError, BlockSize: 32)).Scales, new ColumnQuantizedMatrix(data).Values })
        {
            Assert.That(() => tensor.Write(Stream.Null, _ => { }), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(message));
        }
    }

    [Test]
    public void OutputsThatAWeightLacks_AreRefused()
    {
        using var checkpoint = new StoredCheckpoint(Llama);
        Assert.That(
            () => new LinearData(checkpoint.Weights, [new(Queries, 20, 5)], isInOut: false),
            Throws.ArgumentException.With.Message.StartsWith($"Outputs 20 to 25 of weight '{Queries}' with 150 inputs and 24 outputs; expected outputs that it has, and 150 inputs."));
        Assert.That(
            () => new LinearData(checkpoint.Weights, [OutputRange.All(checkpoint.Weights, Queries), OutputRange.All(checkpoint.Weights, "model.layers.0.self_attn.o_proj.weight")], isInOut: false),
            Throws.ArgumentException.With.Message.Contains("o_proj.weight' with 24 inputs and 150 outputs; expected outputs that it has, and 150 inputs."));
    }

    private static float[] Written(LinearData data) => MemoryMarshal.Cast<byte, float>(TensorBytes.Of(data)).ToArray();

    private static float[] Plain(int rows, int columns, Func<int, int, float> at) =>
        [.. Enumerable.Range(0, rows * columns).Select(i => at(i / columns, i % columns))];
}
