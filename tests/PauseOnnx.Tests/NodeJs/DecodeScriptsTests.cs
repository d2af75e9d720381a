using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>Hosts outside .NET, which know nothing of pauses, give token for token the greedy answers of the C# runtime.</summary>
[Category("Node")]
[TestFixture("decode-onnxruntime.mjs", false)]
[TestFixture("decode-transformers.mjs", true)]
public sealed class DecodeScriptsTests(string script, bool takesText)
{
    private const int MaxNewTokens = 12;
    private const string DynamicModel = "llama, dynamic";
    private const string StopModel = "llama, stop token";

    private static readonly string[] OnePrompt = ["4253="];
    private static readonly string[] UnequalPrompts = ["7=", "12ab34cd=", "e5f="];
    private static readonly IEnumerable<string> Configs = TinyCheckpoint.Configs.Keys;
    private static readonly string[] Models = [.. Configs.Select(PausedName), .. Configs.Select(PlainName), DynamicModel, StopModel];

    private readonly Dictionary<string, Answers> _expected = [];
    private readonly Dictionary<string, Answers> _actual = [];

    [OneTimeSetUp]
    public void AnswerEverythingInOneProcess()
    {
        NodeScript.IgnoreUnlessInstalled();
        using var folder = new TemporaryFolder();
        var jobs = new List<object>();
        foreach (var (name, path) in ExportAll(folder))
        {
            using var model = PauseModel.Load(path);
            _expected[name] = new(Greedy(model, OnePrompt), Greedy(model, UnequalPrompts));
            jobs.AddRange(Job(model, path, OnePrompt), Job(model, path, UnequalPrompts));
        }

        var answers = NodeScript.Answer<int[][]>(script, jobs);
        foreach (var (i, name) in _expected.Keys.Index())
        {
            _actual[name] = new(answers[2 * i], answers[(2 * i) + 1]);
        }
    }

    [TestCaseSource(nameof(Models))]
    public void Decode_OnePrompt_GivesTheAnswerOfTheRuntime(string model) =>
        Assert.That(_actual[model].ToOne, Is.EqualTo(_expected[model].ToOne));

    [TestCaseSource(nameof(Models))]
    public void Decode_LeftPaddedBatch_GivesTheAnswersOfTheRuntime(string model) =>
        Assert.That(_actual[model].ToUnequal, Is.EqualTo(_expected[model].ToUnequal));

    [TestCaseSource(nameof(Configs))]
    public void Decode_WithPauses_GivesOtherAnswersThanWithout(string config) =>
        Assert.That(_actual[PausedName(config)].ToUnequal, Is.Not.EqualTo(_actual[PlainName(config)].ToUnequal));

    [Test]
    public void Decode_StopToken_EndsOneAnswerOfABatchEarly()
    {
        var lengths = _actual[StopModel].ToUnequal.Select(answer => answer.Length).ToArray();
        Assert.That(lengths, Has.Some.LessThan(MaxNewTokens).And.Some.EqualTo(MaxNewTokens));
    }

    private static string PausedName(string config) => $"{config}, 4 pauses";

    private static string PlainName(string config) => $"{config}, no pause";

    private static IEnumerable<(string Name, string Path)> ExportAll(TemporaryFolder folder)
    {
        foreach (var (config, shape) in TinyCheckpoint.Configs)
        {
            yield return (PausedName(config), TinyExport.Write(folder[PausedName(config)], shape, pauseCount: 4));
            yield return (PlainName(config), TinyExport.Write(folder[PlainName(config)], shape, pauseCount: 0));
        }

        var llama = TinyCheckpoint.Configs["llama"];
        yield return (DynamicModel, TinyExport.Write(folder[DynamicModel], llama, pauseCount: 4, isDynamic: true));

        var stopping = TinyExport.Write(folder[StopModel], llama, pauseCount: 4);
        using (var model = PauseModel.Load(stopping))
        {
            var stopToken = Greedy(model, UnequalPrompts)[1][2];
            new GenerationConfig { EosTokenIds = [stopToken] }.Write(Path.Combine(stopping, FileNames.GenerationConfig));
        }

        yield return (StopModel, stopping);
    }

    private static int[][] Greedy(PauseModel model, string[] prompts)
    {
        using var generator = model.CreateGenerator(Encode(model, prompts), new() { MaxNewTokens = MaxNewTokens, Temperature = 0 });
        while (generator.Step())
        {
        }

        return [.. prompts.Select((_, b) => generator.GetIds(b).ToArray())];
    }

    private static int[][] Encode(PauseModel model, string[] prompts) => [.. prompts.Select(p => model.Tokenizer.Encode(p))];

    private object Job(PauseModel model, string path, string[] prompts) =>
        new { model = path, prompts = takesText ? (object)prompts : Encode(model, prompts), maxNewTokens = MaxNewTokens };

    private sealed record Answers(int[][] ToOne, int[][] ToUnequal);
}
