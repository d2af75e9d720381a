using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Tests.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public sealed class BenchCommandTests : IDisposable
{
    private readonly RuntimeModel _tiny = new("llama");

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task Bench_Model_PrintsEachFigure()
    {
        var run = await RunAsync("--rounds", "2", "--batch", "2");
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        Assert.That(run.Output, Does.Match(@"load +\d+ ms\r?\nfirst token +[0-9.]+ \([0-9.]+ to [0-9.]+\) ms   2 x 46 tokens, 4 pauses\r?\ndecode step .* ms   at positions 50 to 96\r?\nthroughput .* tokens/s\r?\nmemory +\d+ MB resident"));
    }

    [Test]
    public async Task Bench_MoreThanTheContext_SaysWhatFits()
    {
        var run = await RunAsync("--prompt", "90", "--new-tokens", "10");
        Assert.That(run.Errors, Is.EqualTo($"error: 90 tokens of prompt, 4 pauses and 10 new tokens are 104; expected at most 96, the model's context: give smaller --prompt or --new-tokens.{Environment.NewLine}"));
    }

    private Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(Program.Main, ["bench", _tiny.Folder, .. arguments]);
}
