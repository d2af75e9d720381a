using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tasks;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public class EvalCommandTests
{
    private TemporaryFolder _folder = null!;
    private string _model = null!;

    private Example[] _answered = null!;

    [OneTimeSetUp]
    public void Export()
    {
        _folder = new TemporaryFolder();
        _model = TinyExport.Write(_folder.Root, TinyCheckpoint.Configs["gpt2"], pauseCount: 4, isDynamic: true);
        _answered = MakeModelAnswerInOneToken();
    }

    [OneTimeTearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public async Task Eval_AnswersThatAreKnown_CountsTheRightOnes()
    {
        var wrong = _answered[2] with { Target = _answered[2].Target + "9" };
        ExampleFile.Write(_folder["two.jsonl"], [_answered[0], _answered[1], wrong]);

        var run = await RunAsync("eval", _model, "--data", _folder["two.jsonl"], "--json", _folder["two.json"]);

        var result = EvalResult.Read(_folder["two.json"]);
        Assert.Multiple(() =>
        {
            Assert.That(run.ExitCode, Is.Zero, run.Errors);
            Assert.That(run.Output, Does.Contain("accuracy 0.6667 = 66.7 % (2 of 3 questions, M = 4 pauses)"));
            Assert.That(run.Output, Does.Contain($"{wrong.Prefix} -> {_answered[2].Target}   (wrong, expected {wrong.Target})"));
            Assert.That(result.Results, Is.EqualTo(new[] { new PauseAccuracy(4, 2, 3) }));
        });
    }

    [Test]
    public async Task Eval_SeveralPauseCounts_AsksWithEach()
    {
        ExampleFile.Write(_folder["all.jsonl"], _answered);

        var run = await RunAsync("eval", _model, "--data", _folder["all.jsonl"], "--pause-counts", "0,4", "--batch-size", "2", "--json", _folder["all.json"]);

        var results = EvalResult.Read(_folder["all.json"]).Results;
        Assert.Multiple(() =>
        {
            Assert.That(run.ExitCode, Is.Zero, run.Errors);
            Assert.That(results.Select(r => r.PauseCount), Is.EqualTo(new[] { 0, 4 }));
            Assert.That(results[1].Correct, Is.EqualTo(_answered.Length));
            Assert.That(results[0].Correct, Is.LessThan(_answered.Length), "other pauses, other answers");
        });
    }

    [TestCase("{\"prefix\": \"1\"}", "line 1")]
    [TestCase("", "no example")]
    public async Task Eval_BadExamples_SaysWhere(string content, string expected)
    {
        File.WriteAllText(_folder["bad.jsonl"], content);

        var run = await RunAsync("eval", _model, "--data", _folder["bad.jsonl"]);

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: ").And.Contain(expected).And.Not.Contain("\n"));
    }

    [Test]
    public async Task Eval_Limit_AsksOnlyTheFirst()
    {
        ExampleFile.Write(_folder["many.jsonl"], _answered);

        var run = await RunAsync("eval", _model, "--data", _folder["many.jsonl"], "--limit", "2");

        Assert.That(run.Output, Does.Contain("(2 of 2 questions"));
    }

    [Test]
    public async Task Eval_PauseCountsThatAGraphCannotHave_AreRefusedAndNothingIsWritten()
    {
        ExampleFile.Write(_folder["baked.jsonl"], _answered);
        var baked = TinyExport.Write(_folder["baked"], TinyCheckpoint.Configs["gpt2"], pauseCount: 4, change: o => o with { Target = ExportTarget.SharedCache });

        var run = await RunAsync("eval", baked, "--data", _folder["baked.jsonl"], "--pause-counts", "0,4", "--json", _folder["baked.json"]);

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.StartWith("error: PauseCount is 0, but the graph has 4 baked in beside a shared cache"));
        Assert.That(_folder["baked.json"], Does.Not.Exist);
    }

    [Test]
    public async Task Eval_Precision_ChoosesTheGraphAndIsWritten()
    {
        ExampleFile.Write(_folder["precision.jsonl"], _answered);

        var found = await RunAsync("eval", _model, "--data", _folder["precision.jsonl"], "--precision", "fp32", "--json", _folder["precision.json"]);
        var missing = await RunAsync("eval", _model, "--data", _folder["precision.jsonl"], "--precision", "bf16");

        Assert.That(found.ExitCode, Is.Zero, found.Errors);
        Assert.That(EvalResult.Read(_folder["precision.json"]).Precision, Is.EqualTo("fp32"));
        Assert.That(missing.Errors, Does.StartWith($"error: '{_model}' has no bf16 graph, onnx/model_bf16.onnx; expected one of those it has: fp32."));
    }

    [TestCase("--limit", "0", "--limit is 0; expected at least 1.")]
    [TestCase("--batch-size", "-3", "--batch-size is -3; expected at least 1.")]
    [TestCase("--pause-counts", "0,9..2", "'9..2' in '0,9..2' is no pause count")]
    public async Task Eval_BadOption_NamesItAndWhatIsExpected(string option, string value, string expected)
    {
        ExampleFile.Write(_folder["option.jsonl"], _answered);

        var run = await RunAsync("eval", _model, "--data", _folder["option.jsonl"], option, value);

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: " + expected).And.Not.Contain("\n"));
    }

    [Test]
    public async Task Eval_MissingExamples_NamesTheFile()
    {
        var run = await RunAsync("eval", _model, "--data", _folder["none.jsonl"]);

        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: ").And.Contain("none.jsonl").And.Not.Contain("\n"));
    }

    // Random weights never stop by themselves: the most common second token becomes the stop token, and the questions are
    // those that it answers in one token.
    private Example[] MakeModelAnswerInOneToken()
    {
        string[] prompts = [.. Enumerable.Range(0, 60).Select(i => $"{i * 37}=")];
        using var model = PauseModel.Load(_model);
        using var generator = model.CreateGenerator([.. prompts.Select(p => model.Tokenizer.Encode(p))], new() { MaxNewTokens = 2, Temperature = 0 });
        while (generator.Step())
        {
        }

        var said = prompts.Select((prompt, i) => (Prompt: prompt, First: generator.GetIds(i)[0], Second: generator.GetIds(i)[1])).ToList();
        var stop = said.GroupBy(a => a.Second).MaxBy(g => g.Count(a => a.First != a.Second))!.Key;
        new GenerationConfig { EosTokenIds = [stop] }.Write(Path.Combine(_model, FileNames.GenerationConfig));
        return [.. said.Where(a => a.Second == stop && a.First != stop).Select(a => new Example(a.Prompt, "", model.Tokenizer.Decode([a.First])))
            .Where(e => e.Target.Length > 0)];
    }

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(Program.Main, arguments);
}
