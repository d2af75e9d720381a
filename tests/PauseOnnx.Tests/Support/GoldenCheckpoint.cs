using NUnit.Framework;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Tests.Support;

/// <summary>
/// A checkpoint of a few thousand weights in a form in which the hub has them, with logits from PyTorch: written by
/// <c>Golden/generate.py</c>, which has never seen this program.
/// </summary>
internal sealed record GoldenCheckpoint(string Folder, int[] Ids, float[] Logits)
{
    private static string Root => Path.Combine(Repository.Root, "tests", "PauseOnnx.Tests", "Golden");

    /// <summary>One case for each family.</summary>
    public static IEnumerable<TestCaseData> Cases =>
        Directory.EnumerateDirectories(Root).Order(StringComparer.Ordinal).Select(f => new TestCaseData(Path.GetFileName(f)).SetArgDisplayNames(Path.GetFileName(f)));

    /// <summary>Opens the checkpoint of a family.</summary>
    public static GoldenCheckpoint Read(string family)
    {
        var folder = Path.Combine(Root, family);
        using var golden = SafetensorsFile.Open(Path.Combine(folder, "golden.safetensors"));
        return new(folder, [.. golden.Read<long>("input_ids", SafetensorsType.I64).ToArray().Select(i => (int)i)], golden.Read<float>("logits", SafetensorsType.F32).ToArray());
    }
}
