using System.Buffers.Binary;
using System.Text;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model.Safetensors;

public class SafetensorsHeaderTests
{
    private static TestCaseData Lie(string name, string header, int dataLength, string expected) =>
        new TestCaseData(header, dataLength, expected).SetArgDisplayNames(name);

    private static string Tensor(string name, string shape, long start, long end, string type = "F32") =>
        $"\"{name}\": {{\"dtype\": \"{type}\", \"shape\": {shape}, \"data_offsets\": [{start}, {end}]}}";

    private static IEnumerable<TestCaseData> Lies()
    {
        yield return Lie("not JSON", "{\"a\": ", 0, "is not valid JSON; expected a safetensors header");
        yield return Lie("JSON list", "[]", 0, "The header does not begin with '{'");
        yield return Lie("text", "hello", 0, "The header does not begin with '{'");
        yield return Lie("lone surrogate as name", "{" + Tensor("\\ud800", "[1]", 0, 4) + "}", 4, "is not valid JSON");
        yield return Lie("entry is a number", "{\"a\": 7}", 0, "Tensor 'a' is not described by dtype, shape and two data_offsets");
        yield return Lie("no dtype", "{\"a\": {\"shape\": [1], \"data_offsets\": [0, 4]}}", 4, "Tensor 'a' is not described by");
        yield return Lie("shape a number", "{" + Tensor("a", "1", 0, 4) + "}", 4, "Tensor 'a' is not described by");
        yield return Lie("three offsets", "{\"a\": {\"dtype\": \"F32\", \"shape\": [1], \"data_offsets\": [0, 4, 4]}}", 4, "Tensor 'a' is not described by");
        yield return Lie("negative dimension", "{" + Tensor("a", "[-1]", 0, 4) + "}", 4, "non-negative integers");
        yield return Lie("negative offset", "{" + Tensor("a", "[1]", -4, 0) + "}", 4, "non-negative integers");
        yield return Lie("fractional dimension", "{" + Tensor("a", "[1.5]", 0, 4) + "}", 4, "non-negative integers");
        yield return Lie("unknown dtype", "{" + Tensor("a", "[1]", 0, 1, "F8_E4M3") + "}", 1, "Tensor 'a' has dtype 'F8_E4M3'; expected one of F32, F16");
        yield return Lie("dtype by number", "{" + Tensor("a", "[1]", 0, 4, "0") + "}", 4, "Tensor 'a' has dtype '0'");
        yield return Lie("dtype in lower case", "{" + Tensor("a", "[1]", 0, 4, "f32") + "}", 4, "Tensor 'a' has dtype 'f32'");
        yield return Lie("described twice", "{" + Tensor("a", "[1]", 0, 4) + ", " + Tensor("a", "[1]", 0, 4) + "}", 4, "Tensor 'a' is described twice; expected once");
        yield return Lie("offsets too short", "{" + Tensor("a", "[2]", 0, 4) + "}", 4, "Tensor 'a' has data_offsets [0, 4]; expected 8 bytes for F32 [2]");
        yield return Lie("offsets backwards", "{" + Tensor("a", "[1]", 4, 0) + "}", 4, "Tensor 'a' has data_offsets [4, 0]; expected 4 bytes");
        yield return Lie("shape that overflows", "{" + Tensor("a", "[4294967296, 4294967296]", 0, 4) + "}", 4, "expected fewer than 2^63 bytes");
        yield return Lie("shape that wraps to the right size", "{" + Tensor("a", "[4611686018427387905]", 0, 4) + "}", 4, "expected fewer than 2^63 bytes");
        yield return Lie("offsets past any file", "{" + Tensor("a", "[1]", long.MaxValue - 4, long.MaxValue) + "}", 4, "past any file");
        yield return Lie("overlap", "{" + Tensor("a", "[2]", 0, 8) + ", " + Tensor("b", "[1]", 4, 8) + "}", 8, "Tensor 'b' overlaps the tensor before it by 4 bytes");
        yield return Lie("gap", "{" + Tensor("a", "[1]", 0, 4) + ", " + Tensor("b", "[1]", 8, 12) + "}", 12, "There are 4 bytes of no tensor before 'b'");
        yield return Lie("gap at the start", "{" + Tensor("a", "[1]", 4, 8) + "}", 8, "There are 4 bytes of no tensor before 'a'");
        yield return Lie("trailing bytes", "{" + Tensor("a", "[1]", 0, 4) + "}", 5, "1 bytes belong to no tensor");
        yield return Lie("data cut off", "{" + Tensor("a", "[2]", 0, 8) + "}", 5, "it is truncated");
        yield return Lie("metadata a list", "{\"__metadata__\": []}", 0, "'__metadata__' is not an object of strings");
        yield return Lie("metadata of numbers", "{\"__metadata__\": {\"a\": 1}}", 0, "'__metadata__' is not an object of strings");
    }

    [TestCaseSource(nameof(Lies))]
    public void Open_OfALyingHeader_SaysWhich(string header, int dataLength, string expected)
    {
        using var folder = new TemporaryFolder();
        Write(folder["x"], header, (ulong)Encoding.UTF8.GetByteCount(header), dataLength);
        Assert.That(() => SafetensorsFile.Open(folder["x"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains(expected).And.Message.EndsWith($"({folder["x"]})."));
    }

    [TestCase(5ul)]
    [TestCase(1ul << 40)]
    [TestCase(ulong.MaxValue)]
    [TestCase(1ul << 63)]
    public void Open_OfALyingHeaderLength_SaysWhatFits(ulong length)
    {
        using var folder = new TemporaryFolder();
        Write(folder["x"], "{}", length, 0);
        Assert.That(() => SafetensorsFile.Open(folder["x"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains($"Header length is {length} bytes; expected at most 2 in a file of 10"));
    }

    [Test]
    public void Open_OfSeveralLies_ListsThemAll()
    {
        using var folder = new TemporaryFolder();
        var header = "{" + Tensor("a", "[1]", 0, 4, "X") + ", " + Tensor("b", "[2]", 0, 4) + ", \"c\": null}";
        Write(folder["x"], header, (ulong)header.Length, 4);
        var error = Assert.Throws<ModelFormatException>(() => SafetensorsFile.Open(folder["x"]))!;
        Assert.That(error.Message, Does.Contain("Tensor 'a' has dtype").And.Contain("Tensor 'b' has data_offsets").And.Contain("Tensor 'c' is not described"));
    }

    [TestCase("{}")]
    [TestCase("{}      ")]
    public void Open_OfNoTensors_IsValid(string header)
    {
        using var folder = new TemporaryFolder();
        Write(folder["x"], header, (ulong)header.Length, 0);
        using var file = SafetensorsFile.Open(folder["x"]);
        Assert.That(file.Header.Entries, Is.Empty);
    }

    private static void Write(string path, string header, ulong length, int dataLength)
    {
        var prefix = new byte[8];
        BinaryPrimitives.WriteUInt64LittleEndian(prefix, length);
        File.WriteAllBytes(path, [.. prefix, .. Encoding.UTF8.GetBytes(header), .. new byte[dataLength]]);
    }
}
