using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public class ExportCommandTests
{
    private TemporaryFolder _folder = null!;
    private string _checkpoint = null!;

    [SetUp]
    public void WriteCheckpoint()
    {
        _folder = new TemporaryFolder();
        _checkpoint = TinyExport.WriteCheckpoint(_folder.Root, TinyCheckpoint.Configs["llama"], 0, 4);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task Export_PrintsSizesAndProof()
    {
        var run = await RunAsync("--pause-count", "4");
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((0, "")));
        Assert.That(run.Output, Does.Contain("llama for portable, 4 pauses (baked)").And.Contain("onnx/model.onnx_data")
            .And.Contain("proven, 2 cases, 12 calls").And.Contain("(allowed 0.0001)").And.Contain($"Written to {_folder["model"]}"));
    }

    [Test]
    public async Task Export_WithDynamicPauseCount_ProvesEveryCase()
    {
        var run = await RunAsync("--pause-count", "dynamic");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Contain("llama for portable, 4 pauses (dynamic)").And.Contain("proven, 4 cases"));
    }

    [Test]
    public async Task Export_Unproven_SaysSoLoudly()
    {
        var run = await RunAsync("--pause-count", "9", "--verify", "none");
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That(run.Output, Does.Contain("NOT PROVEN"));
    }

    [Test]
    public async Task Export_WithQuality_PrintsALineOfEachGraph()
    {
        File.WriteAllText(_folder["text.txt"], string.Concat(Enumerable.Range(0, 200)));
        ExampleFile.Write(_folder["examples.jsonl"], [new("1=", "", "2"), new("3=", "", "4"), new("5=", "", "6")]);
        string[] options = ["--target", "standard", "--precision", "fp32,int8", "--pause-count", "4", "--quality"];

        var examples = await RunAsync([.. options, _folder["examples.jsonl"], "--quality-samples", "2"]);
        var text = await RunAsync([.. options, _folder["text.txt"]]);

        Assert.That((examples.ExitCode, text.ExitCode), Is.EqualTo((0, 0)), examples.Errors + text.Errors);
        Assert.That(examples.Output, Does.Contain($"fp32 on {_folder["examples.jsonl"]}: accuracy ")
            .And.Contain("beside fp32 the same first choice in 100.0 %, divergence 0 nats (2 examples, 4 tokens)").And.Contain($"int8 on {_folder["examples.jsonl"]}: "));
        Assert.That(text.Output, Does.Contain($"int8 on {_folder["text.txt"]}: perplexity ").And.Contain("pieces of text, "));
    }

    [TestCase("9", "expected one for 9: run `pauseonnx-train reference")]
    [TestCase("many", "--pause-count is 'many'; expected a number of pauses from 0, or 'dynamic'.")]
    public async Task Export_OnError_PrintsOneLineAndFails(string pauseCount, string expected)
    {
        var run = await RunAsync("--pause-count", pauseCount);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: ").And.Contain(expected).And.Not.Contain("\n"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Root), Is.EqualTo(new[] { _checkpoint }));
    }

    [Test]
    [Platform("Linux", Reason = "limits the size of files as a POSIX shell does")]
    public void Export_ToAFullDisk_NamesTheFileAndLeavesNothing()
    {
        // The runtime maps its own code through a file larger than the limit unless it is told not to.
        const string limit = "export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f 8";
        using var process = ProgramProcess.StartAfter(limit, "pauseonnx", "export", _checkpoint, "--out", _folder["model"]);
        Assert.That(process.WaitForExit(), Is.EqualTo(1), process.Errors);
        Assert.That(process.Errors.TrimEnd(), Does.StartWith("error: Cannot write ").And.Contain("model.onnx_data").And.Not.Contain("\n"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Root), Is.EqualTo(new[] { _checkpoint }));
    }

    [Test]
    [Platform("Linux", Reason = "holds the program at a named pipe")]
    public void Export_AfterCtrlC_LeavesNothing()
    {
        // A pipe in place of config.json holds the program at a known point until it is fed.
        var file = Path.Combine(_checkpoint, FileNames.Config);
        var config = File.ReadAllBytes(file);
        File.Delete(file);
        using (var mkfifo = System.Diagnostics.Process.Start("mkfifo", [file]))
        {
            mkfifo.WaitForExit();
        }

        using var process = ProgramProcess.Start("pauseonnx", "export", _checkpoint, "--out", _folder["model"]);
        using (var pipe = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite))
        {
            process.Interrupt();
            Thread.Sleep(TimeSpan.FromMilliseconds(500));
            pipe.Write(config);
        }

        Assert.That(process.WaitForExit(), Is.EqualTo(130), process.Errors);
        Assert.That(process.Errors.TrimEnd(), Is.EqualTo("Cancelled; earlier results are as they were."));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Root), Is.EqualTo(new[] { _checkpoint }));
    }

    private Task<CommandRun> RunAsync(params string[] options) =>
        CommandRun.OfAsync(Program.Main, ["export", _checkpoint, "--out", _folder["model"], .. options]);
}
