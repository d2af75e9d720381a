using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>
/// transformers.js finds the graph of a precision in a folder that has several, by its own word for it, and decodes with it as
/// ONNX Runtime does that is given the file: one prompt, and a left-padded batch.
/// </summary>
[Category("Node")]
public sealed class PrecisionScriptsTests
{
    private const int MaxNewTokens = 12;

    private static readonly (GraphPrecision Precision, string DType)[] Precisions =
    [
        (GraphPrecision.Fp32, "fp32"), (GraphPrecision.Fp16, "fp16"), (GraphPrecision.BlockInt8, "int8"), (GraphPrecision.BlockInt4, "q4"), (GraphPrecision.DynamicInt8, "q8"),
    ];

    private static readonly string[] Configs = ["llama", "gpt2"];
    private static readonly string[][] Prompts = [["4253="], ["7=", "12ab34cd=", "e5f="]];

    private readonly Dictionary<(string Config, string DType), int[][][]> _byTransformers = [];
    private readonly Dictionary<(string Config, string DType), int[][][]> _byRuntime = [];
    private readonly Dictionary<string, int[][][]> _byUs = [];

    private static IEnumerable<TestCaseData> Cells() =>
        from config in Configs from precision in Precisions select new TestCaseData(config, precision.DType).SetArgDisplayNames(config, precision.DType);

    [OneTimeSetUp]
    public void AnswerEverythingInOneProcessAHost()
    {
        NodeScript.IgnoreUnlessInstalled();
        using var folder = new TemporaryFolder();
        var (transformersJobs, runtimeJobs) = (new List<object>(), new List<object>());
        foreach (var config in Configs)
        {
            var model = Export(config, folder);
            using var loaded = PauseModel.Load(model);
            _byUs[config] = [.. Prompts.Select(texts => Greedy(loaded, texts))];
            foreach (var ((precision, dtype), texts) in from precision in Precisions from texts in Prompts select (precision, texts))
            {
                transformersJobs.Add(new { model, dtype, prompts = texts, maxNewTokens = MaxNewTokens });
                runtimeJobs.Add(new { model, file = GraphPrecisions.FileOf(precision), prompts = texts.Select(t => loaded.Tokenizer.Encode(t)), maxNewTokens = MaxNewTokens });
            }
        }

        Keep(NodeScript.Answer<int[][]>("decode-transformers.mjs", transformersJobs), _byTransformers);
        Keep(NodeScript.Answer<int[][]>("decode-onnxruntime.mjs", runtimeJobs), _byRuntime);
    }

    [TestCaseSource(nameof(Cells))]
    public void Decode_GivesTheAnswersOfOnnxRuntime(string config, string dtype) =>
        Assert.That(_byTransformers[(config, dtype)], Is.EqualTo(_byRuntime[(config, dtype)]).And.All.All.Length.EqualTo(MaxNewTokens));

    [TestCaseSource(nameof(Configs))]
    public void Decode_InFloat32_GivesTheAnswersOfOurRuntime(string config) =>
        Assert.That(_byTransformers[(config, "fp32")], Is.EqualTo(_byUs[config]));

    [Test]
    public void Decode_InAnotherPrecision_CanGiveAnotherAnswer() =>
        Assert.That(Configs.Select(c => _byTransformers[(c, "q4")]), Is.Not.EqualTo(Configs.Select(c => _byTransformers[(c, "fp32")])));

    private static string Export(string config, TemporaryFolder folder)
    {
        var output = Path.Combine(folder[config], "model");
        ModelExporter.Export(new()
        {
            Checkpoint = TinyExport.WriteCheckpoint(folder[config], TinyCheckpoint.Configs[config], 4),
            Output = output,
            Target = ExportTarget.Standard,
            Precisions = [.. Precisions.Select(p => p.Precision)],
        });
        return output;
    }

    private static int[][] Greedy(PauseModel model, string[] texts)
    {
        using var generator = model.CreateGenerator([.. texts.Select(t => model.Tokenizer.Encode(t))], new() { MaxNewTokens = MaxNewTokens, Temperature = 0 });
        while (generator.Step())
        {
        }

        return [.. texts.Select((_, b) => generator.GetIds(b).ToArray())];
    }

    private static void Keep(IReadOnlyList<int[][]> answers, Dictionary<(string Config, string DType), int[][][]> kept)
    {
        foreach (var (i, (config, precision)) in (from config in Configs from precision in Precisions select (config, precision)).Index())
        {
            kept[(config, precision.DType)] = [.. answers.Skip(i * Prompts.Length).Take(Prompts.Length)];
        }
    }
}
