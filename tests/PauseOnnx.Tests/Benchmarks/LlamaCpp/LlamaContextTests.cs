using System.Numerics.Tensors;
using NUnit.Framework;
using PauseOnnx.Benchmarks;
using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.NodeJs;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks.LlamaCpp;

/// <summary>llama.cpp computes the same model from the file that we write for it: what the benchmarks compare is comparable.</summary>
[Category("Node")]
public class LlamaContextTests
{
    private const int NewTokens = 24;
    private static readonly int[] Prompt = [5, 17, 3, 60, 42, 9, 9, 31, 0, 25];

    private readonly TemporaryFolder _folder = new();
    private LlamaLibrary _library = null!;
    private RuntimeFiles _files = null!;

    [OneTimeSetUp]
    public void WriteFiles()
    {
        NodeScript.IgnoreUnlessInstalled(LlamaLibrary.Package);
        _library = LlamaLibrary.Load(LlamaLibrary.FolderIn(Path.Combine(Repository.Root, "tests", "node", "node_modules")));
        _files = new RuntimeFiles(RandomCheckpoint.Generate(_folder.Root, ExportShape.Tiny), _folder["files"]);
        _files.Write();
    }

    [OneTimeTearDown]
    public void DeleteFiles() => _folder.Dispose();

    [Test]
    public void Run_FloatFile_ChoosesTheTokensOfOurGraph()
    {
        using var model = PauseModel.Load(_files.Model);
        using var generator = model.CreateGenerator([Prompt], new() { MaxNewTokens = NewTokens, Temperature = 0, PauseCount = 0, StopTokens = [] });
        while (generator.Step())
        {
        }

        using var context = new LlamaContext(_library, _files.Gguf(GgufType.F32), maxLength: 64, threads: 1);
        var ids = new List<int> { Best(context.Run(Prompt)) };
        while (ids.Count < NewTokens)
        {
            ids.Add(Best(context.Run([ids[^1]])));
        }

        Assert.That(ids, Is.EqualTo(generator.GetIds(0)));
    }

    [TestCase("q8_0", 0.999)]
    [TestCase("q4_0", 0.95)]
    public void Run_QuantizedFile_GivesNearlyTheLogitsOfTheFloatFile(string type, double similarity)
    {
        using var exact = new LlamaContext(_library, _files.Gguf(GgufType.F32), maxLength: 64, threads: 1);
        using var rounded = new LlamaContext(_library, _files.Gguf(GgufTypes.Parse(type)), maxLength: 64, threads: 1);
        Assert.That(TensorPrimitives.CosineSimilarity(exact.Run(Prompt), rounded.Run(Prompt)), Is.InRange(similarity, 0.999999));
    }

    [Test]
    public void Reset_SamePrompt_GivesTheSameLogits()
    {
        using var context = new LlamaContext(_library, _files.Gguf(GgufType.F32), maxLength: 64, threads: 1);
        var first = context.Run(Prompt).ToArray();
        var continued = context.Run(Prompt).ToArray();
        context.Reset();
        Assert.That(context.Run(Prompt).ToArray(), Is.EqualTo(first).And.Not.EqualTo(continued));
    }

    [Test]
    public void Constructor_NoGgufFile_IsRefused() =>
        Assert.That(
            () => new LlamaContext(_library, Path.Combine(_files.Model, "config.json"), maxLength: 64, threads: 1),
            Throws.InvalidOperationException.With.Message.Contains("expected a GGUF file of the llama architecture"));

    private static int Best(ReadOnlySpan<float> logits) => TensorPrimitives.IndexOfMax(logits);
}
