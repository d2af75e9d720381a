using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public sealed class GenerateCommandTests : IDisposable
{
    private readonly RuntimeModel _tiny = new("llama");

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task Generate_OnePrompt_PrintsTheAnswer()
    {
        var run = await RunAsync(["abc", "--max-new-tokens", "6"]);
        Assert.That(run, Is.EqualTo(new CommandRun(0, $"{Answer("abc", 6)}{Environment.NewLine}", "")));
    }

    [Test]
    public async Task Generate_SeveralPrompts_PrintsNumberedAnswers()
    {
        var run = await RunAsync(["abc", "hello", "--max-new-tokens", "6"]);
        Assert.That(run.Output, Is.EqualTo($"[1] {Answer("abc", 6)}{Environment.NewLine}[2] {Answer("hello", 6)}{Environment.NewLine}"));
    }

    [Test]
    public async Task Generate_Ids_PrintsOneLineForEachPrompt()
    {
        var run = await RunAsync(["abc", "hello", "--ids", "--max-new-tokens", "6"]);
        string[] expected = [string.Join(",", Greedy("abc", 6)), string.Join(",", Greedy("hello", 6))];
        Assert.That(run.Output, Is.EqualTo(string.Concat(expected.Select(line => line + Environment.NewLine))));
    }

    [TestCase("abc")]
    [TestCase("abc\n")]
    [TestCase("abc\r\n")]
    public async Task Generate_Dash_ReadsThePromptFromStandardInput(string input)
    {
        var run = await RunAsync(["-", "--ids", "--max-new-tokens", "6"], input);
        Assert.That(run.Output.Trim(), Is.EqualTo(string.Join(",", Greedy("abc", 6))));
    }

    [Test]
    public async Task Generate_Sampling_IsRepeatedByItsSeed()
    {
        string[] options = ["abc", "--temperature", "3", "--top-k", "12", "--top-p", "0.9", "--max-new-tokens", "20", "--ids"];
        var run = await RunAsync([.. options, "--seed", "5"]);
        Assert.That(run.ExitCode, Is.Zero);
        Assert.That((await RunAsync([.. options, "--seed", "5"])).Output, Is.EqualTo(run.Output));
        Assert.That((await RunAsync([.. options, "--seed", "6"])).Output, Is.Not.EqualTo(run.Output));
    }

    [Test]
    public async Task Generate_PauseCount_IsTheOneUsed()
    {
        var run = await RunAsync(["abc", "--pause-count", "9", "--ids", "--max-new-tokens", "6"]);
        Assert.That(run.Output.Trim(), Is.EqualTo(string.Join(",", _tiny.PlainGreedy(_tiny.Model.Tokenizer.Encode("abc"), 6, pauseCount: 9))));
    }

    [Test]
    public async Task Generate_NoPrompt_AnswersLineAfterLineAndOutlivesABadOne()
    {
        var run = await RunAsync(["--max-new-tokens", "6"], "abc\nzzz\nhello\n\nunread\n");
        Assert.That(run.Output, Is.EqualTo($"{Answer("abc", 6)}{Environment.NewLine}{Answer("hello", 6)}{Environment.NewLine}"));
        Assert.That(run.Errors, Does.StartWith("Character 'z'"));
        Assert.That(run.ExitCode, Is.Zero);
    }

    [Test]
    public async Task Generate_Stop_EndsTheAnswerBeforeIt()
    {
        var whole = Answer("hello", 8);
        var run = await RunAsync(["hello", "--max-new-tokens", "8", "--stop", whole[2..4], "--stop", "zz"]);
        Assert.That(run.Output, Is.EqualTo($"{whole[..whole.IndexOf(whole[2..4], StringComparison.Ordinal)]}{Environment.NewLine}"));
    }

    [Test]
    public async Task Generate_SeveralAnswers_AreNumbered()
    {
        var run = await RunAsync(["abc", "--beams", "3", "--answers", "2", "--max-new-tokens", "4"]);
        Assert.That(run.Output, Does.Match(@"^\[1\] .+\r?\n\[2\] .+\r?\n$"));
        Assert.That((await RunAsync(["abc", "--answers", "3", "--beams", "2"])).Errors, Is.EqualTo($"error: NumReturnSequences is 3; expected at most BeamWidth, 2.{Environment.NewLine}"));
    }

    [Test]
    public async Task Generate_Tokens_PrintsEachWithItsProbability()
    {
        var run = await RunAsync(["abc", "--tokens", "--max-new-tokens", "3"]);
        var lines = run.Output.Trim().Split('\n');
        Assert.That(lines, Has.Length.EqualTo(3));
        Assert.That(lines, Is.All.Match("""^ *[0-9.]+ ms +\d+ +0\.\d\d\d +".+" +".+" 0\.\d\d\d, ".+" 0\.\d\d\d, ".+" 0\.\d\d\d"""));
        Assert.That((await RunAsync(["abc", "hello", "--tokens"])).Errors, Does.StartWith("error: --tokens was given with 2 prompts; expected one."));
    }

    [Test]
    public async Task Generate_EveryOption_ReachesTheModel()
    {
        string[] options = ["--min-p", "0.1", "--repetition-penalty", "1.2", "--frequency-penalty", "0.5", "--presence-penalty", "0.2", "--seed", "3", "--when-full", "slide", "--max-new-tokens", "120"];
        var run = await RunAsync(["abc", "--ids", .. options]);
        var expected = _tiny.Generate([_tiny.Model.Tokenizer.Encode("abc")], new()
        {
            MinP = 0.1, RepetitionPenalty = 1.2, FrequencyPenalty = 0.5, PresencePenalty = 0.2, Seed = 3, WhenContextFull = ContextPolicy.Slide, MaxNewTokens = 120,
        })[0];
        Assert.That(run.Output.Trim(), Is.EqualTo(string.Join(",", expected)));
    }

    [Test]
    public async Task Generate_Precision_ChoosesTheGraph()
    {
        var (found, missing, unknown) = (
            await RunAsync(["abc", "--precision", "fp32", "--max-new-tokens", "6"]), await RunAsync(["abc", "--precision", "int4"]), await RunAsync(["abc", "--precision", "int3"]));
        Assert.That(found.Output, Is.EqualTo($"{Answer("abc", 6)}{Environment.NewLine}"));
        Assert.That(missing, Is.EqualTo(new CommandRun(
            1, "", $"error: '{_tiny.Folder}' has no int4 graph, onnx/model_q4.onnx; expected one of those it has: fp32.{Environment.NewLine}")));
        Assert.That(unknown.Errors, Does.StartWith("error: The precision is 'int3'; expected one of fp32, fp16, "));
    }

    [TestCase("abz", "error: Character 'z'")]
    [TestCase("", "error: The prompt is empty")]
    public async Task Generate_BadPrompt_FailsInOneLine(string prompt, string error)
    {
        var run = await RunAsync([prompt]);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors, Does.StartWith(error));
        Assert.That(run.Errors.Trim(), Does.Not.Contain('\n'));
        Assert.That(run.Output, Is.Empty);
    }

    [Test]
    public async Task Generate_NoModel_FailsInOneLine()
    {
        var run = await CommandRun.OfAsync(Program.Main, ["generate", "no/such/model", "abc"]);
        Assert.That(run, Is.EqualTo(new CommandRun(1, "", $"error: 'no/such/model' is no folder; expected one written by 'pauseonnx export'.{Environment.NewLine}")));
    }

    [Test]
    public async Task Generate_Help_ShowsExamples()
    {
        var run = await CommandRun.OfAsync(Program.Main, ["generate", "--help"]);
        Assert.That(run.Output, Does.Contain("Examples:").And.Contain("pauseonnx generate artifacts/models/luhn"));
    }

    [Test]
    public void Generate_CtrlC_StopsCleanly()
    {
        // A context that takes far longer to fill than the test waits, and tokens that each end a line.
        using var folder = new TemporaryFolder();
        var model = TinyExport.Write(folder.Root, TinyCheckpoint.Configs["llama"] with { MaxPositionEmbeddings = 40_000 }, pauseCount: 2);
        TokenizerFiles.Write(model, ["a", .. "bcdefghijklmnopqrs".Select(c => $"{c}Ċ")], []);
        using var process = ProgramProcess.Start("pauseonnx", "generate", model, "a", "--max-new-tokens", "39000", "--temperature", "5");
        process.WaitForOutput(Environment.NewLine);
        process.Interrupt();
        Assert.That(process.WaitForExit(), Is.EqualTo(130));
        Assert.That(process.Errors.Trim(), Is.EqualTo("Cancelled; the answer is not complete."));
    }

    private Task<CommandRun> RunAsync(string[] arguments, string input = "") =>
        CommandRun.OfAsync(Program.Main, ["generate", _tiny.Folder, .. arguments], input);

    private int[] Greedy(string prompt, int count) => _tiny.PlainGreedy(_tiny.Model.Tokenizer.Encode(prompt), count);

    private string Answer(string prompt, int count) => _tiny.Model.Tokenizer.Decode(Greedy(prompt, count));
}
