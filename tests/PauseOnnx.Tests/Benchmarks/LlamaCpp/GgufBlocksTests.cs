using System.Buffers.Binary;
using NUnit.Framework;
using PauseOnnx.Benchmarks.LlamaCpp;

namespace PauseOnnx.Tests.Benchmarks.LlamaCpp;

public class GgufBlocksTests
{
    [Test]
    public void Encode_Q8_IsAScaleAndRoundedBytes()
    {
        // The largest, 63.5, becomes 127: a step of 0.5.
        float[] values = [63.5f, -63.5f, 0.25f, -0.25f, 0.2f, 1, .. new float[26]];
        var block = Encode(GgufType.Q8, values);
        Assert.That(BinaryPrimitives.ReadHalfLittleEndian(block), Is.EqualTo((Half)0.5f));
        Assert.That(block[2..].Select(b => (sbyte)b).Take(7), Is.EqualTo(new sbyte[] { 127, -127, 1, -1, 0, 2, 0 }));
    }

    [Test]
    public void Encode_Q4_IsAScaleAndPairsOfHalves()
    {
        // The largest by size, -16, becomes -8, stored as 0: a step of 2.
        var values = new float[32];
        (values[0], values[16], values[1], values[17]) = (-16, 16, 2, -6);
        var block = Encode(GgufType.Q4, values);
        Assert.That(BinaryPrimitives.ReadHalfLittleEndian(block), Is.EqualTo((Half)2));
        Assert.That(block[2..5], Is.EqualTo(new byte[] { 0xF0, 0x59, 0x88 }));
    }

    [TestCase("q4_0", 0x88)]
    [TestCase("q8_0", 0)]
    public void Encode_Zeros_AreZeros(string type, byte zero) =>
        Assert.That(Encode(GgufTypes.Parse(type), new float[32])[2..], Is.All.EqualTo(zero));

    [Test]
    public void Encode_SeveralBlocks_HaveAScaleEach()
    {
        var bytes = Encode(GgufType.Q8, [.. Enumerable.Repeat(127f, 32), .. Enumerable.Repeat(254f, 32)]);
        Assert.That((BinaryPrimitives.ReadHalfLittleEndian(bytes), BinaryPrimitives.ReadHalfLittleEndian(bytes.AsSpan(34))), Is.EqualTo(((Half)1, (Half)2)));
        Assert.That(bytes.Length, Is.EqualTo(68));
    }

    private static byte[] Encode(GgufType type, float[] values)
    {
        var bytes = new byte[GgufTypes.BytesOf(type, values.Length)];
        GgufBlocks.Encode(type, values, bytes);
        return bytes;
    }
}
