using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter;

/// <summary>Two exported files compared.</summary>
public class OnnxComparisonTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void Create() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void Compare_OfTheSameExport_FindsNothing() =>
        Assert.That(Compare(Export("a", "llama"), Export("b", "llama")).SelectMany(d => d.Value), Is.Empty);

    [Test]
    public void Compare_OfADynamicPauseCount_ShowsTheInputAndNoNode()
    {
        var differences = Compare(Export("a", "llama"), Export("b", "llama", isDynamic: true));
        Assert.Multiple(() =>
        {
            Assert.That(differences["inputs and outputs"], Is.EqualTo(new[] { "+ input pause_count: int64[]" }));
            Assert.That(differences["metadata"], Is.EqualTo(new[] { "pauseonnx.pause_count_mode: baked -> dynamic" }));
            Assert.That(differences["opsets"], Is.Empty);
            Assert.That(differences["operators"], Is.Empty);
            Assert.That(differences["nodes"], Is.Empty);
        });
    }

    [Test]
    public void Compare_AfterOneFlippedByteOfAWeight_NamesTheWeight()
    {
        var (first, second) = (Export("a", "llama"), Export("b", "llama"));
        var data = Path.Combine(second, FileNames.OnnxData);
        var bytes = File.ReadAllBytes(data);
        bytes[0] ^= 1;
        File.WriteAllBytes(data, bytes);

        Assert.That(Compare(first, second).SelectMany(d => d.Value), Is.EqualTo(new[] { "model.embed_tokens.weight: float32[21, 16] has other bytes" }));
    }

    [Test]
    public void Compare_OfOtherOpsetsOperatorsAndFunctions_CountsThem()
    {
        var (first, second) = (Export("a", "llama"), Export("b", "llama"));
        OnnxEdit.Change(Path.Combine(second, FileNames.Onnx), m =>
        {
            m.OpsetImport.Single(o => o.Domain.Length == 0).Version = 18;
            m.Graph.Node.Single(n => n.OpType == "Sub").OpType = "Add";
            m.Functions.Single(f => f.Name == GraphNames.DelayedOutput).Node.Single(n => n.OpType == "Neg").OpType = "Abs";
        });

        var differences = Compare(first, second);
        Assert.Multiple(() =>
        {
            Assert.That(differences["opsets"], Is.EqualTo(new[] { "ai.onnx: 17 -> 18" }));
            Assert.That(differences["operators"].Select(l => l.Split(' ')[0]), Is.EqualTo(new[] { "Add:", "Sub:" }));
            Assert.That(differences["operators"], Has.Member("Sub: 1 -> none"));
            Assert.That(differences["nodes"].Select(Operator), Is.SupersetOf(new[] { "Sub", "Add" }));
            Assert.That(differences["functions"].Select(l => $"{l[..16]} {Operator(l)}"), Is.EqualTo(new[] { "DelayedOutput: - Neg", "DelayedOutput: + Abs" }));
        });
    }

    [Test]
    public void Compare_OfOtherShapes_ShowsOldAndNew()
    {
        var differences = Compare(Export("a", "llama"), Export("b", "qwen3"));
        Assert.That(differences["initializers"], Has.Member("+ model.layers.0.self_attn.q_norm.weight: float32[8]"));
        Assert.That(differences["initializers"].Single(l => l.Contains("layers.0.self_attn.o_proj")), Does.Match(@": float32\[24, 16\] -> .*: float32\[32, 16\]$"));
    }

    private static string Operator(string line) => line.Split(" = ")[1].Split('(')[0];

    private string Export(string name, string config, bool isDynamic = false) =>
        TinyExport.Write(_folder[name], TinyCheckpoint.Configs[config], 4, isDynamic);

    private static Dictionary<string, IReadOnlyList<string>> Compare(string first, string second) =>
        OnnxComparison.Compare(OnnxSummary.Read(Path.Combine(first, FileNames.Onnx)), OnnxSummary.Read(Path.Combine(second, FileNames.Onnx)))
            .ToDictionary(d => d.Subject, d => d.Lines);
}
