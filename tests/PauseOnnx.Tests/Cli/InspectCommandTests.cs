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
            .And.Contain("AppendPause 1, DelayedOutput 1")
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

    private static Task<CommandRun> RunAsync(string folder) => CommandRun.OfAsync(Program.Main, ["inspect", folder]);
}
