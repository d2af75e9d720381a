using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public class InspectCommandTests
{
    private TemporaryFolder _folder = null!;
    private string _model = null!;

    [SetUp]
    public void Export()
    {
        _folder = new TemporaryFolder();
        _model = TinyExport.Write(_folder.Root, TinyCheckpoint.Configs["llama"], 4);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task Inspect_ShowsShapePausesOperatorsSizesAndProof()
    {
        var run = await RunAsync(_model);
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.Contain("4 query heads, 2 key/value heads, width 6")
            .And.Contain("20 ordinary ids, <pause> is 20")
            .And.Contain("4 pauses, PausePT_PauseFT")
            .And.Contain("ai.onnx 17, ai.pauseonnx 1")
            .And.Contain("AppendPause 1")
            .And.Contain("onnx/model.onnx_data")
            .And.Contain("padded.m4"));
    }

    [Test]
    public async Task Inspect_WithoutReport_SaysThatTheProofIsUnknown()
    {
        File.Delete(Path.Combine(_model, FileNames.ExportReport));
        var run = await RunAsync(_model);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Contain("unknown: there is no export-report.json"));
    }

    [Test]
    public async Task Inspect_OfATruncatedModel_PrintsOneLineAndFails()
    {
        var onnx = Path.Combine(_model, FileNames.Onnx);
        File.WriteAllBytes(onnx, File.ReadAllBytes(onnx)[..5000]);
        var run = await RunAsync(_model);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: Not an ONNX model, or truncated").And.Contain(onnx).And.Not.Contain("\n"));
    }

    [Test]
    public async Task Inspect_OfACheckpoint_SaysWhatItExpects()
    {
        var run = await RunAsync(_folder["checkpoint"]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.Contain("expected a folder that `pauseonnx export` wrote."));
    }

    [Test]
    public async Task Inspect_OfAnOnnxFile_ShowsWhatItsFolderShows()
    {
        var (folder, file) = (await RunAsync(_model), await RunAsync(Path.Combine(_model, FileNames.Onnx)));
        Assert.That(file, Is.EqualTo(folder));
    }

    [Test]
    public async Task Inspect_OfAnOnnxFileThatStandsAlone_ShowsTheFile()
    {
        File.Copy(Path.Combine(_model, FileNames.Onnx), _folder["alone.onnx"]);
        File.Copy(Path.Combine(_model, FileNames.OnnxData), _folder["model.onnx_data"]);
        var run = await RunAsync(_folder["alone.onnx"]);
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.Contain("ONNX file").And.Contain("alone.onnx").And.Contain("Operators (").And.Not.Contain("query heads"));
    }

    [Test]
    public async Task Inspect_Precision_ChoosesTheGraph()
    {
        File.Copy(Path.Combine(_model, FileNames.Onnx), Path.Combine(_model, GraphPrecisions.FileOf(GraphPrecision.BlockInt4)));
        var (run, missing) = (await RunAsync(_model, "--precision", "int4"), await RunAsync(_model, "--precision", "fp16"));
        Assert.Multiple(() =>
        {
            Assert.That(run.ExitCode, Is.Zero);
            Assert.That(run.Output, Does.Contain("model_q4.onnx (shown here)").And.Contain("model.onnx (fp32)"));
            Assert.That(missing.ExitCode, Is.EqualTo(1));
            Assert.That(missing.Errors, Does.Contain("model_fp16.onnx' is missing; expected one of the precisions in the folder: fp32, int4."));
        });
    }

    [Test]
    public async Task Inspect_Ir_PrintsTheGraphItsFunctionsAndItsWeights()
    {
        var run = await RunAsync(_model, "--ir");
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.StartWith("graph ").And.Contain("\n  layers.0/mlp/Sigmoid: float32[batch_size, ")
            .And.Contain("function ai.pauseonnx.AppendPause(input_ids, attention_mask, past_length, pause_count) {pause_id}\n")
            .And.Contain("initializers\n").And.Contain("  model.norm.weight: float32[16]\n"));
    }

    [Test]
    public async Task Inspect_IrOnly_KeepsTheLinesOfThatName()
    {
        var run = await RunAsync(_model, "--ir", "--only", "layers.1");
        var lines = run.Output.TrimEnd('\n').Split('\n');
        Assert.That(lines.Select(l => l.Split('(')[0]), Is.All.Contains("layers.1"));
        Assert.That(lines, Has.Some.StartsWith("  layers.1/norm/"));
        Assert.That(lines, Has.Some.StartsWith("  model.layers.1.input_layernorm.weight: float32[16]"));
    }

    [Test]
    public async Task Inspect_Diff_ShowsWhatIsTheSameAndWhatIsNot()
    {
        var other = TinyExport.Write(_folder["other"], TinyCheckpoint.Configs["llama-tied"], 4);
        var (run, only) = (await RunAsync("--diff", _model, Path.Combine(other, FileNames.Onnx)), await RunAsync("--diff", _model, other, "--only", "norm"));
        Assert.Multiple(() =>
        {
            Assert.That((run.ExitCode, run.Errors), Is.EqualTo((0, "")));
            Assert.That(run.Output, Does.Contain("opsets: the same\n").And.Contain("initializers:\n").And.Contain("\n  - lm_head.weight[:20]: float32[20, 16]\n"));
            Assert.That(only.Output, Does.Contain("initializers:").And.Not.Contain("lm_head").And.Contain("metadata: nothing that is named norm\n"));
        });
    }

    [TestCase("There is no MODEL; expected a folder that `pauseonnx export` wrote, an ONNX file, or --diff with two of them.")]
    [TestCase("--only chooses lines of a graph; expected it with --ir or --diff.", "model", "--only", "x")]
    [TestCase("--diff takes two models and no --ir; expected `inspect --diff A B`.", "--ir", "--diff", "a", "b")]
    [TestCase("The precision is 'fp8'; expected one of fp32, fp16, bf16, int8, int4, int8-dynamic.", "model", "--precision", "fp8")]
    public async Task Inspect_Misused_SaysWhatIsExpected(string expected, params string[] arguments)
    {
        var run = await RunAsync(arguments);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.StartWith($"error: {expected}"));
    }

    [Test]
    public async Task Inspect_PrecisionOfAFile_IsRefused()
    {
        var run = await RunAsync(Path.Combine(_model, FileNames.Onnx), "--precision", "fp32");
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.StartWith("error: --precision chooses a graph of a folder, but '"));
    }

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(Program.Main, ["inspect", .. arguments]);
}
