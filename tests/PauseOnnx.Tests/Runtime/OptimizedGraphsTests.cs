using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

/// <summary>Graphs that are kept as ONNX Runtime has optimized them.</summary>
public sealed class OptimizedGraphsTests : IDisposable
{
    private readonly RuntimeModel _tiny = new(TinyCheckpoint.Configs["llama"], isDynamic: true, o => o with
    {
        Target = ExportTarget.Standard,
        Precisions = [GraphPrecision.Fp32, GraphPrecision.BlockInt8, GraphPrecision.BlockInt4, GraphPrecision.DynamicInt8],
    });

    private readonly TemporaryFolder _kept = new();

    public void Dispose()
    {
        _tiny.Dispose();
        _kept.Dispose();
    }

    [Test]
    public void Load_KeptGraph_AnswersAsTheModels(
        [Values(GraphPrecision.Fp32, GraphPrecision.BlockInt8, GraphPrecision.BlockInt4, GraphPrecision.DynamicInt8)] GraphPrecision precision)
    {
        var folder = _kept[$"{precision}"];
        using var plain = PauseModel.Load(_tiny.Folder, new() { Precision = precision });
        using var making = Load(folder, precision);
        var written = Files(folder).Select(File.GetLastWriteTimeUtc).ToArray();
        using var finding = Load(folder, precision);
        Assert.Multiple(() =>
        {
            Assert.That(Answer(making), Is.EqualTo(Answer(plain)));
            Assert.That(Answer(finding), Is.EqualTo(Answer(plain)));
            Assert.That(finding.IsPauseCountDynamic, Is.True);
            Assert.That(finding.PauseCount, Is.EqualTo(RuntimeModel.PauseCount));
            Assert.That(Files(folder).Select(File.GetLastWriteTimeUtc), Is.EqualTo(written));
        });
    }

    [Test]
    public void Load_WeightsInBlocks_AreKeptFused()
    {
        Load(_kept["fused"], GraphPrecision.BlockInt4).Dispose();
        var graph = Files(_kept["fused"]).Single(f => f.EndsWith(".onnx", StringComparison.Ordinal));
        var operators = ModelProto.Parser.ParseFrom(File.ReadAllBytes(graph)).Graph.Node.Select(n => n.OpType).ToHashSet();
        Assert.That(operators, Does.Contain("MatMulNBits").And.Not.Contain("DequantizeLinear"));
    }

    [Test]
    public void Load_ChangedFile_IsOptimizedAnew()
    {
        using var copy = new TemporaryFolder();
        var model = _tiny.CopyTo(copy["model"]);
        PauseModelOptions options = new() { OptimizedGraphFolder = _kept["changed"] };
        PauseModel.Load(model, options).Dispose();
        File.SetLastWriteTimeUtc(Path.Combine(model, FileNames.Onnx), new DateTime(2020, 1, 1, 0, 0, 0, DateTimeKind.Utc));
        PauseModel.Load(model, options).Dispose();
        Assert.That(Directory.GetDirectories(_kept["changed"]), Has.Length.EqualTo(2));
    }

    [Test]
    public async Task Load_AtOnce_MakesOneGraph()
    {
        var folder = _kept["at once"];
        var models = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => Load(folder, GraphPrecision.Fp32))));
        Assert.That(models.Select(Answer).Distinct().ToArray(), Has.Length.EqualTo(1));
        Assert.That(Directory.GetDirectories(folder), Has.Length.EqualTo(1));
        Array.ForEach(models, m => m.Dispose());
    }

    [Test]
    public void Load_FolderThatCannotBeMade_LoadsTheModelsGraph()
    {
        var file = _kept["file"];
        File.WriteAllText(file, "");
        using var model = Load(Path.Combine(file, "inside"), GraphPrecision.BlockInt4);
        using var plain = PauseModel.Load(_tiny.Folder, new() { Precision = GraphPrecision.BlockInt4 });
        Assert.That(Answer(model), Is.EqualTo(Answer(plain)));
    }

    [Test]
    public void Load_SpoiltKeptGraph_IsNamed()
    {
        var folder = _kept["spoilt"];
        Load(folder, GraphPrecision.Fp32).Dispose();
        var graph = Files(folder).Single(f => f.EndsWith(".onnx", StringComparison.Ordinal));
        File.WriteAllText(graph, "no graph");
        Assert.That(() => Load(folder, GraphPrecision.Fp32), Throws.InstanceOf<ModelFormatException>().With.Message.Contains($"({graph})"));
    }

    [Test]
    public void Options_FolderThatIsNone_IsRefused()
    {
        Assert.That(() => Load(" ", GraphPrecision.Fp32), Throws.ArgumentException.With.Message.EqualTo("OptimizedGraphFolder is ' '; expected a folder, or null."));
        Assert.That(
            () => PauseModel.Load(_tiny.Folder, new() { OptimizedGraphFolder = "kept", ExecutionProvider = ExecutionProvider.Cuda }),
            Throws.ArgumentException.With.Message.EqualTo("OptimizedGraphFolder is 'kept', but only what the processor runs is kept there; expected null with execution provider 'cuda'."));
    }

    private static string[] Files(string folder) => [.. Directory.GetFiles(folder, "*", SearchOption.AllDirectories).Order(StringComparer.Ordinal)];

    private PauseModel Load(string kept, GraphPrecision precision) =>
        PauseModel.Load(_tiny.Folder, new() { Precision = precision, OptimizedGraphFolder = kept });

    // Ids with their log-probabilities to the last bit.
    private static string Answer(PauseModel model)
    {
        using var generator = model.CreateGenerator([RuntimeModel.Prompt(7)], new() { MaxNewTokens = 6, StopTokens = [], LogProbs = 0, PauseCount = 3 });
        while (generator.Step())
        {
        }

        return string.Join(' ', generator.GetIds(0).Zip(generator.GetLogProbs(0), (id, p) => $"{id}:{p:R}"));
    }
}
