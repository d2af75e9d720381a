using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Weights;

public class ConvertedDataTests
{
    private const string Queries = "model.layers.0.self_attn.q_proj.weight";
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"];

    [Test]
    public void Float16_OfEveryFiniteHalf_IsThatHalf()
    {
        var halves = Enumerable.Range(0, 1 << 16).Select(b => BitConverter.UInt16BitsToHalf((ushort)b)).Where(Half.IsFinite).ToArray();
        Assert.That(Converted([.. halves.Select(h => (float)h)], DType.Float16), Is.EqualTo(halves.Select(BitConverter.HalfToUInt16Bits)));
    }

    [Test]
    public void Bfloat16_OfEveryFiniteBfloat16_IsThatBfloat16()
    {
        var upper = Enumerable.Range(0, 1 << 16).Select(b => (ushort)b).Where(b => float.IsFinite(Widen(b))).ToArray();
        Assert.That(Converted([.. upper.Select(Widen)], DType.BFloat16), Is.EqualTo(upper));
    }

    // 1 and half a last place, then a little more, then 1 and one and a half; then below the least of full precision.
    [TestCase(1.00048828125f, (ushort)0x3C00)]
    [TestCase(1.0004884f, (ushort)0x3C01)]
    [TestCase(1.00146484375f, (ushort)0x3C02)]
    [TestCase(-8.940697e-8f, (ushort)0x8002)]
    [TestCase(1.4901161e-8f, (ushort)0)]
    [TestCase(65519.996f, (ushort)0x7BFF)]
    public void Float16_BetweenTwo_IsTheNearestAndOfTwoTheEven(float value, ushort expected) =>
        Assert.That(Converted([.. Enumerable.Repeat(value, 77)], DType.Float16), Is.All.EqualTo(expected));

    [TestCase(1.00390625f, (ushort)0x3F80)]
    [TestCase(1.0039064f, (ushort)0x3F81)]
    [TestCase(-1.01171875f, (ushort)0xBF82)]
    [TestCase(1e-45f, (ushort)0)]
    public void Bfloat16_BetweenTwo_IsTheNearestAndOfTwoTheEven(float value, ushort expected) =>
        Assert.That(Converted([.. Enumerable.Repeat(value, 77)], DType.BFloat16), Is.All.EqualTo(expected));

    [TestCase(DType.Float16, 65520f, "65504")]
    [TestCase(DType.Float16, -1e30f, "65504")]
    [TestCase(DType.BFloat16, float.MaxValue, "3.4028235E+38")]
    public void WeightThatBecomesInfinite_IsNamed(object type, float value, string limit)
    {
        using var checkpoint = new StoredCheckpoint(Config, odd: (Queries, (5 * 16) + 3, value));
        var data = new ConvertedData(new LinearData(checkpoint.Weights, [OutputRange.All(checkpoint.Weights, Queries)], isInOut: false), (DType)type);
        Assert.That(() => data.Write(Stream.Null, _ => { }), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"Weight '{Queries}' at [5, 3] ({checkpoint.File}) is {value}; expected at most {limit} for {type}: export it in float32."));
        Assert.That(
            () => new ConvertedData(ConstantData.Of(0, value), (DType)type).Write(Stream.Null, _ => { }),
            Throws.TypeOf<ModelFormatException>().With.Message.StartsWith($"Constant at [1] is {value}; expected at most {limit}"));
    }

    [Test]
    public void SharedBytes_AreSharedInOneTypeOnly()
    {
        using var checkpoint = new StoredCheckpoint(Config);
        var table = new WeightData(checkpoint.Weights, "model.embed_tokens.weight", 20);
        string?[] keys = [table.SharedBytes, new ConvertedData(table, DType.Float16).SharedBytes, new ConvertedData(table, DType.BFloat16).SharedBytes];
        Assert.That(keys, Is.Unique.And.None.Null);
        Assert.That(new ConvertedData(table, DType.Float16).SharedBytes, Is.EqualTo(keys[1]));
        Assert.That(new ConvertedData(ConstantData.Of(1f), DType.Float16).SharedBytes, Is.Null);
    }

    [Test]
    public void AnotherType_IsRefused() =>
        Assert.That(() => new ConvertedData(ConstantData.Of(1f), DType.Int8), Throws.TypeOf<ArgumentOutOfRangeException>());

    private static ushort[] Converted(float[] values, DType type) =>
        MemoryMarshal.Cast<byte, ushort>(TensorBytes.Of(new ConvertedData(ConstantData.Of<float>(values), type))).ToArray();

    private static float Widen(ushort upper) => BitConverter.UInt32BitsToSingle((uint)upper << 16);
}
