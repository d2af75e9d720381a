using System.Buffers.Binary;
using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>Weights on their way from the checkpoint to the data file, larger than the blocks they are moved in.</summary>
public class WeightDataTests
{
    // in = 150 is two blocks of 64 rows and a part; vocab x in is more than one read.
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"] with { HiddenSize = 150, VocabSize = 2001, Pause = new() { TokenId = 2000 } };
    private const string Queries = "model.layers.0.self_attn.q_proj.weight";
    private const string Keys = "model.layers.0.self_attn.k_proj.weight";

    [Test]
    public void TransposedWeights_LieSideBySide()
    {
        using var folder = new TemporaryFolder();
        using var weights = Open(folder.Root);
        var (queries, keys) = (weights.ReadFloats(Queries), weights.ReadFloats(Keys));
        var written = Write(new LinearData(weights, [OutputRange.All(weights, Queries), OutputRange.All(weights, Keys)], isInOut: false));

        const int q = 24, k = 12;
        var expected = new float[150 * (q + k)];
        for (var i = 0; i < 150; i++)
        {
            for (var o = 0; o < q + k; o++)
            {
                expected[(i * (q + k)) + o] = o < q ? queries[(o * 150) + i] : keys[((o - q) * 150) + i];
            }
        }

        Assert.That(written, Is.EqualTo(expected));
    }

    [Test]
    public void FirstRows_AreTheBeginningOfTheWeight()
    {
        using var folder = new TemporaryFolder();
        using var weights = Open(folder.Root);
        var whole = weights.ReadFloats("model.embed_tokens.weight");
        var rows = new WeightData(weights, "model.embed_tokens.weight", 2000);

        Assert.That(rows.Length, Is.EqualTo(2000 * 150 * sizeof(float)));
        Assert.That(Write(rows), Is.EqualTo(whole[..(2000 * 150)]));
    }

    [TestCase(SafetensorsType.F16)]
    [TestCase(SafetensorsType.BF16)]
    public void HalfPrecisionWeights_BecomeFloat32(SafetensorsType type)
    {
        using var folder = new TemporaryFolder();
        var config = TinyCheckpoint.Configs["gpt2"];
        TinyCheckpoint.Write(folder["full"], config);
        Directory.CreateDirectory(folder["half"]);
        using var full = CheckpointWeights.Open(folder["full"], config);
        var writer = new SafetensorsWriter();
        foreach (var (name, shape) in new WeightNames(config).All())
        {
            writer.Add(name, type, [.. shape.Select(d => (long)d)], stream => stream.Write(Shorten(full.ReadFloats(name), type)));
        }

        writer.Save(Path.Combine(folder["half"], FileNames.Weights));
        using var half = CheckpointWeights.Open(folder["half"], config);
        var written = Write(new WeightData(half, "transformer.wte.weight", 21));

        Assert.That(written, Is.EqualTo(full.ReadFloats("transformer.wte.weight")).Within(0.002f));
        Assert.That(written, Is.EqualTo(half.ReadFloats("transformer.wte.weight")));
    }

    private static CheckpointWeights Open(string folder)
    {
        TinyCheckpoint.Write(folder, Config);
        return CheckpointWeights.Open(folder, Config);
    }

    private static float[] Write(TensorData data)
    {
        using var stream = new MemoryStream();
        var advanced = 0L;
        data.Write(stream, bytes => advanced += bytes);
        Assert.That(stream.Length, Is.EqualTo(data.Length));
        Assert.That(advanced, Is.EqualTo(data.Length));
        return MemoryMarshal.Cast<byte, float>(stream.ToArray()).ToArray();
    }

    private static byte[] Shorten(float[] values, SafetensorsType type)
    {
        var bytes = new byte[values.Length * 2];
        for (var i = 0; i < values.Length; i++)
        {
            var bits = type == SafetensorsType.F16 ? BitConverter.HalfToUInt16Bits((Half)values[i]) : (ushort)(BitConverter.SingleToUInt32Bits(values[i]) >> 16);
            BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), bits);
        }

        return bytes;
    }
}
