using System.Text;
using NUnit.Framework;
using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks.LlamaCpp;

public class GgufWriterTests
{
    [Test]
    public void Save_File_IsHeaderMetadataDescriptionsAndAlignedTensors()
    {
        using var folder = new TemporaryFolder();
        var writer = new GgufWriter();
        writer.Add("name", "ä");
        writer.Add("count", 7);
        writer.Add("eps", 0.5f);
        writer.Add("first", GgufType.F32, [3], () => new float[] { 1, 2, 3 });
        writer.Add("second", GgufType.Q8, [2, 32], () => new float[64]);
        writer.Save(folder["m.gguf"]);

        using var reader = new BinaryReader(File.OpenRead(folder["m.gguf"]));
        string ReadString() => Encoding.UTF8.GetString(reader.ReadBytes((int)reader.ReadUInt64()));
        Assert.That(reader.ReadBytes(4), Is.EqualTo("GGUF"u8.ToArray()));
        Assert.That((reader.ReadUInt32(), reader.ReadUInt64(), reader.ReadUInt64()), Is.EqualTo((3u, 2ul, 3ul)));
        Assert.That((ReadString(), reader.ReadUInt32(), ReadString()), Is.EqualTo(("name", 8u, "ä")));
        Assert.That((ReadString(), reader.ReadUInt32(), reader.ReadUInt32()), Is.EqualTo(("count", 4u, 7u)));
        Assert.That((ReadString(), reader.ReadUInt32(), reader.ReadSingle()), Is.EqualTo(("eps", 6u, 0.5f)));
        Assert.That((ReadString(), reader.ReadUInt32(), reader.ReadUInt64(), reader.ReadUInt32(), reader.ReadUInt64()), Is.EqualTo(("first", 1u, 3ul, 0u, 0ul)));
        Assert.That(
            (ReadString(), reader.ReadUInt32(), reader.ReadUInt64(), reader.ReadUInt64(), reader.ReadUInt32(), reader.ReadUInt64()),
            Is.EqualTo(("second", 2u, 32ul, 2ul, 8u, 32ul)), "innermost dimension first, and 12 bytes take 32");

        reader.BaseStream.Position = (reader.BaseStream.Position + 31) / 32 * 32;
        Assert.That(new[] { reader.ReadSingle(), reader.ReadSingle(), reader.ReadSingle() }, Is.EqualTo(new float[] { 1, 2, 3 }));
        Assert.That(reader.BaseStream.Length - reader.BaseStream.Position, Is.EqualTo(20 + 96), "padding, and 68 bytes take 96");
    }

    [Test]
    public void Add_RowsThatAreNoWholeBlocks_AreRefused() =>
        Assert.That(
            () => new GgufWriter().Add("w", GgufType.Q4, [2, 48], () => new float[96]),
            Throws.ArgumentException.With.Message.StartsWith("The rows of 'w' have 48 values; expected a multiple of 32 in q4_0."));
}
