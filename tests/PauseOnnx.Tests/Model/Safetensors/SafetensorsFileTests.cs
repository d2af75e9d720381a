using System.Globalization;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model.Safetensors;

public class SafetensorsFileTests
{
    private static readonly float[] Values = [1, -2.5f, 0, float.MaxValue, float.NegativeInfinity, 1e-40f];

    [Test]
    public void Open_OfWhatTheWriterSaved_GivesTheSameTensors()
    {
        using var folder = new TemporaryFolder();
        WriteExample(folder["x"]);
        using var file = SafetensorsFile.Open(folder["x"]);
        Assert.Multiple(() =>
        {
            Assert.That(file.Header.Entries.Select(e => (e.Name, e.Type, string.Join('x', e.Shape))), Is.EqualTo(new[]
            {
                ("matrix", SafetensorsType.F32, "2x3"), ("ids", SafetensorsType.I64, "2"), ("scalar", SafetensorsType.F32, ""),
                ("empty", SafetensorsType.F32, "0x4"), ("bytes", SafetensorsType.U8, "3"),
            }));
            Assert.That(file.Header.Metadata, Is.EqualTo(new Dictionary<string, string> { ["note"] = "naïve \"ü\"\n" }));
            Assert.That(file.Read<float>("matrix", SafetensorsType.F32).ToArray(), Is.EqualTo(Values));
            Assert.That(file.Read<long>("ids", SafetensorsType.I64).ToArray(), Is.EqualTo(new[] { long.MinValue, long.MaxValue }));
            Assert.That(file.Read<float>("scalar", SafetensorsType.F32).ToArray(), Is.EqualTo(new[] { 42f }));
            Assert.That(file.Read<float>("empty", SafetensorsType.F32).Length, Is.Zero);
            Assert.That(file.Read<byte>("bytes", SafetensorsType.U8).ToArray(), Is.EqualTo(new byte[] { 1, 2, 3 }));
            Assert.That(file.Header.Entries[0].Offset % 8, Is.Zero, "the data is aligned");
        });
    }

    [Test]
    public void ReadAsFloat_OfEachFloatingType_Widens()
    {
        using var folder = new TemporaryFolder();
        new SafetensorsWriter()
            .Add("f16", SafetensorsType.F16, [3], s => s.Write([0x00, 0x3C, 0x00, 0xC0, 0x01, 0x00]))
            .Add("bf16", SafetensorsType.BF16, [3], s => s.Write([0x80, 0x3F, 0x00, 0xC0, 0x49, 0x40]))
            .Add("f32", [3], [1f, -2f, 0.1f])
            .Save(folder["x"]);
        using var file = SafetensorsFile.Open(folder["x"]);
        float[] Read(string name, int first, int count)
        {
            var values = new float[count];
            file.ReadAsFloat(file.Find(name)!, first, values);
            return values;
        }

        Assert.Multiple(() =>
        {
            Assert.That(Read("f16", 0, 3), Is.EqualTo(new[] { 1f, -2f, 5.9604645e-8f }));
            Assert.That(Read("bf16", 0, 3), Is.EqualTo(new[] { 1f, -2f, 3.140625f }));
            Assert.That(Read("f32", 1, 2), Is.EqualTo(new[] { -2f, 0.1f }));
            Assert.That(Read("f32", 3, 0), Is.Empty);
            Assert.That(() => Read("f32", 1, 3), Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => Read("f32", -1, 2), Throws.TypeOf<ArgumentOutOfRangeException>());
        });
    }

    [Test]
    public void ReadAsFloat_OfMoreThanABlock_ReadsAllOfIt()
    {
        using var folder = new TemporaryFolder();
        var values = new float[(1 << 24) + 3];
        (values[(1 << 24) - 1], values[1 << 24], values[^1]) = (1, 2, 3);
        new SafetensorsWriter().Add("x", [values.Length], values).Save(folder["x"]);
        using var file = SafetensorsFile.Open(folder["x"]);
        var read = new float[values.Length];
        file.ReadAsFloat(file.Find("x")!, 0, read);
        Assert.That(read.AsSpan().SequenceEqual(values), Is.True);
    }

    [Test]
    public void ReadAsFloat_OfManyBfloat16_WidensEach()
    {
        using var folder = new TemporaryFolder();
        var upper = Enumerable.Range(0, 1003).Select(i => (ushort)(i * 65)).ToArray();
        new SafetensorsWriter().Add("x", SafetensorsType.BF16, [upper.Length], s => s.Write(MemoryMarshal.AsBytes<ushort>(upper))).Save(folder["x"]);
        using var file = SafetensorsFile.Open(folder["x"]);
        var read = new float[upper.Length];
        file.ReadAsFloat(file.Find("x")!, 0, read);
        Assert.That(read.Select(BitConverter.SingleToUInt32Bits), Is.EqualTo(upper.Select(u => (uint)u << 16)));
    }

    [Test]
    public void AsFloats_IsThePartInPlace()
    {
        using var folder = new TemporaryFolder();
        WriteExample(folder["x"]);
        using var file = SafetensorsFile.Open(folder["x"]);
        var matrix = file.Find("matrix")!;
        Assert.Multiple(() =>
        {
            Assert.That(file.AsFloats(matrix, 1, 4).ToArray(), Is.EqualTo(Values[1..5]));
            Assert.That(file.AsFloats(matrix, 6, 0).ToArray(), Is.Empty);
            Assert.That(() => file.AsFloats(matrix, 3, 4).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => file.AsFloats(matrix, -1, 4).Length, Throws.TypeOf<ArgumentOutOfRangeException>());
            Assert.That(() => file.AsFloats(file.Find("ids")!, 0, 1).Length, Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"Tensor 'ids' is I64; expected F32 ({folder["x"]})."));
        });
    }

    [Test]
    public void Release_GivesMemoryBack_AndWhatIsReadAgainIsTheSame()
    {
        const int count = 1 << 24;
        using var folder = new TemporaryFolder();
        new SafetensorsWriter().Add("before", [1], [1f]).Add("x", [count], Enumerable.Repeat(2f, count).ToArray()).Add("after", [1], [3f]).Save(folder["x"]);
        using var file = SafetensorsFile.Open(folder["x"]);
        float[] Sums() => [.. new[] { "before", "x", "after" }.Select(n => TensorPrimitives.Sum(file.Read<float>(n, SafetensorsType.F32)))];
        var sums = Sums();
        var before = MappedBytes();
        file.Release(file.Find("x")!);
        var released = before - MappedBytes();
        Assert.That(Sums(), Is.EqualTo(sums));
        if (!OperatingSystem.IsLinux())
        {
            Assert.Ignore("Only Linux says how much of a file is in memory, and gives it back.");
        }

        Assert.That(released, Is.GreaterThan(count * sizeof(float) * 0.9));
    }

    [Test]
    public void Read_OfAMissingOrOtherTensor_NamesIt()
    {
        using var folder = new TemporaryFolder();
        WriteExample(folder["x"]);
        using var file = SafetensorsFile.Open(folder["x"]);
        Assert.Multiple(() =>
        {
            Assert.That(() => file.Read<long>("none", SafetensorsType.I64).Length, Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"Tensor 'none' is missing ({folder["x"]})."));
            Assert.That(() => file.Read<long>("matrix", SafetensorsType.I64).Length, Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"Tensor 'matrix' is F32; expected I64 ({folder["x"]})."));
            Assert.That(() => file.ReadAsFloat(file.Find("ids")!, 0, new float[1]), Throws.TypeOf<ModelFormatException>().With.Message.Contains("'ids' is I64; expected F32, F16 or BF16"));
        });
    }

    [Test]
    public void Read_AfterDispose_IsRefused()
    {
        using var folder = new TemporaryFolder();
        WriteExample(folder["x"]);
        var file = SafetensorsFile.Open(folder["x"]);
        file.Dispose();
        file.Dispose();
        Assert.That(() => file.Read<float>("matrix", SafetensorsType.F32).Length, Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(0)]
    [TestCase(7)]
    [TestCase(9)]
    public void Open_OfAFewBytes_SaysItIsTruncated(int length)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder["x"], new byte[length]);
        Assert.That(() => SafetensorsFile.Open(folder["x"]), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"The file has {length} bytes; expected at least 10: it is truncated ({folder["x"]})."));
    }

    [Test]
    public void Open_OfEveryTruncation_IsRefused()
    {
        using var folder = new TemporaryFolder();
        WriteExample(folder["whole"]);
        var bytes = File.ReadAllBytes(folder["whole"]);
        for (var length = 0; length < bytes.Length; length++)
        {
            File.WriteAllBytes(folder["x"], bytes[..length]);
            Assert.That(() => SafetensorsFile.Open(folder["x"]), Throws.TypeOf<ModelFormatException>(), $"{length} of {bytes.Length} bytes");
        }
    }

    [Test]
    public void Open_OfCorruptBytes_GivesTensorsInsideTheFileOrAFormatError()
    {
        using var folder = new TemporaryFolder();
        WriteExample(folder["whole"]);
        var original = File.ReadAllBytes(folder["whole"]);
        var random = new Random(11);
        var refused = 0;
        for (var i = 0; i < 500; i++)
        {
            var bytes = original.ToArray();
            for (var changes = random.Next(1, 4); changes > 0; changes--)
            {
                bytes[random.Next(bytes.Length - 60)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(folder["x"], bytes);
            try
            {
                using var file = SafetensorsFile.Open(folder["x"]);
                Assert.That(file.Header.Entries.Sum(e => e.Length), Is.LessThanOrEqualTo(bytes.Length));
                Assert.That(file.Header.Entries.All(e => e.Offset >= 0 && e.Offset + e.Length <= bytes.Length), Is.True);
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(250), "most changes hit something that matters");
    }

    private static long MappedBytes() => OperatingSystem.IsLinux()
        ? 1024 * long.Parse(File.ReadLines("/proc/self/status").Single(l => l.StartsWith("RssFile:", StringComparison.Ordinal)).Split()[^2], CultureInfo.InvariantCulture)
        : 0;

    private static void WriteExample(string path) => new SafetensorsWriter()
        .Metadata("note", "naïve \"ü\"\n")
        .Add("matrix", [2, 3], Values)
        .Add("ids", [2], [long.MinValue, long.MaxValue])
        .Add("scalar", [], [42f])
        .Add("empty", [0, 4], Array.Empty<float>())
        .Add("bytes", SafetensorsType.U8, [3], s => s.Write([1, 2, 3]))
        .Save(path);
}
