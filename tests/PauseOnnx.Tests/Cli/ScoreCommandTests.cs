using System.Text.Json;
using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public sealed class ScoreCommandTests : IDisposable
{
    private readonly RuntimeModel _tiny = new("llama");

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task Score_Continuations_ArePrintedWithTheMostLikelyMarked()
    {
        var scores = await _tiny.Model.ScoreAsync([new("hello", "a"), new("hello", "bc"), new("hello", "k")]);
        var run = await RunAsync("hello", "a", "bc", "k");
        var lines = run.Output.TrimEnd().Split(Environment.NewLine);
        Assert.That(lines, Has.Length.EqualTo(4));
        foreach (var (line, score) in lines.Skip(1).Zip(scores))
        {
            Assert.That(line, Does.Contain(FormattableString.Invariant($"{score.LogLikelihood:0.0000}")));
            Assert.That(line.Contains("<- most likely", StringComparison.Ordinal), Is.EqualTo(score.LogLikelihood == scores.Max(s => s.LogLikelihood)));
            Assert.That(line.StartsWith('*'), Is.EqualTo(score.IsGreedy));
        }
    }

    [Test]
    public async Task Score_Json_HasEveryToken()
    {
        var run = await RunAsync("hello", "bc", "--json", "--pause-count", "2");
        var line = JsonDocument.Parse(run.Output).RootElement;
        var score = (await _tiny.Model.ScoreAsync([new("hello", "bc")], new ScoringOptions { PauseCount = 2 }))[0];
        Assert.That(line.GetProperty("token_log_probs").EnumerateArray().Select(e => e.GetDouble()), Is.EqualTo(score.TokenLogProbs).Within(1e-5));
        Assert.That(line.GetProperty("continuation").GetString(), Is.EqualTo("bc"));
    }

    [Test]
    public async Task Score_Data_PrintsItsPerplexity()
    {
        using var folder = new TemporaryFolder();
        Example[] examples = [new("hello", "", "abc"), new("a", "", "b"), new("jam", "", "oke")];
        ExampleFile.Write(folder["heldout.jsonl"], examples);
        var scores = await _tiny.Model.ScoreAsync([.. examples.Select(e => new ScoringRequest(e.Prefix, e.Target))]);
        var run = await RunAsync("--data", folder.Root, "--batch-size", "2");
        var perplexity = Math.Exp(-scores.Sum(s => s.LogLikelihood) / 7);
        Assert.That(run.Output, Does.Contain(FormattableString.Invariant($"perplexity {perplexity:0.000} over 7 tokens of 3 targets")));
        Assert.That((await RunAsync("--data", folder.Root, "--limit", "1")).Output, Does.Contain("over 3 tokens of 1 targets"));
    }

    [TestCase("error: There is nothing to score; expected a prompt and at least one continuation, or --data.")]
    [TestCase("error: There is nothing to score", "hello")]
    [TestCase("error: Request 1 of 2: the continuation is empty; expected at least one token", "hello", "", "a")]
    public async Task Score_BadInput_IsOneLine(string error, params string[] arguments) => ExpectError(await RunAsync(arguments), error);

    [Test]
    public async Task Score_PromptAndData_AreRefused()
    {
        using var folder = new TemporaryFolder();
        ExampleFile.Write(folder["heldout.jsonl"], [new Example("a", "", "b")]);
        ExpectError(await RunAsync("hello", "a", "--data", folder.Root), "error: Both a prompt and --data were given; expected one of them.");
    }

    private static void ExpectError(CommandRun run, string error)
    {
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.StartWith(error));
        Assert.That(run.Errors.TrimEnd().Split('\n'), Has.Length.EqualTo(1));
    }

    private Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(Program.Main, ["score", _tiny.Folder, .. arguments]);
}
