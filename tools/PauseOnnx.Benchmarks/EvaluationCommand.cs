using System.CommandLine;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Benchmarks;

/// <summary><c>pauseonnx-bench evaluation</c>: how fast <c>pauseonnx eval</c> answers beside transformers.js.</summary>
internal static class EvaluationCommand
{
    private static readonly Option<string> Parameters = new("--parameters") { Description = $"Models: {string.Join(", ", ExportShape.All.Select(s => s.Name))}.", DefaultValueFactory = _ => "14M,130M", HelpName = "LIST" };

    private static readonly Option<string> Batches = new("--batches") { Description = "Numbers of questions answered together.", DefaultValueFactory = _ => "1,8,32", HelpName = "LIST" };

    private static readonly Option<int> Questions = new Option<int>("--questions") { Description = "Questions of each task; fewer where batches are small.", DefaultValueFactory = _ => 32, HelpName = "N" }.Positive();

    private static readonly Option<int> Threads = new Option<int>("--threads") { Description = "Threads of a call, on both sides.", DefaultValueFactory = _ => Environment.ProcessorCount, HelpName = "N" }.Positive();

    private static readonly Option<int> Rounds = new Option<int>("--rounds") { Description = "How often each is measured, both sides in turn.", DefaultValueFactory = _ => 3, HelpName = "N" }.Positive();

    private static readonly Option<string> Folder = new("--folder") { Description = "Where checkpoints are generated and exported: 1.5 GB.", DefaultValueFactory = _ => Path.Combine("artifacts", "bench"), HelpName = "PATH" };

    private static readonly Option<string> Node = new("--node") { Description = "Where the packages of npm are installed, by 'npm ci --ignore-scripts'.", DefaultValueFactory = _ => Path.Combine("tests", "node"), HelpName = "PATH" };

    private static readonly Option<string?> Output = new("--out") { Description = "Markdown file to write. Default: standard output only.", HelpName = "FILE" };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("evaluation", """
            Measures how fast 'pauseonnx eval' has a model answer questions, beside transformers.js on the same file: answers that
            are written greedily, and choices that are scored. Checks that both give the same answers. Close other programs first:
            it takes about six minutes.

            Examples:
              pauseonnx-bench evaluation --out docs/evaluation-speed.md
              pauseonnx-bench evaluation --parameters 14M --batches 8 --rounds 1
            """) { Parameters, Batches, Questions, Threads, Rounds, Folder, Node, Output };
        Batches.Validators.Add(result =>
        {
            foreach (var word in CommaList.Split(result.GetValueOrDefault<string>()).Where(w => !int.TryParse(w, NumberStyles.None, CultureInfo.InvariantCulture, out var size) || size < 1))
            {
                result.AddError($"--batches has '{word}'; expected whole numbers from 1, such as 1,8,32.");
            }
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(() => MarkdownTable.Publish(Measure(parsed, cancellationToken), parsed.GetValue(Output)), cancellationToken));
        return command;
    }

    private static string About =>
        $"Both sides load the same float32 file once (target standard, `--pause-count dynamic`, {CallsCommand.Pauses} pauses of the graph's own after each prompt), in a process each, and are asked in turn; the one that waits does nothing. Time runs from texts to answers, tokenizing included. Questions are made up by the tasks' generators; the tokenizer has a token for about two characters, which makes prompts as long as those of the published data. Written: SQuAD, greedily, {AnswersCommand.NewTokens} tokens each, none of which ends an answer. Scored: HellaSwag, the likelihoods of four endings. PauseOnnx: `TaskEvaluation`, which is what `pauseonnx eval` runs. transformers.js: `tokenizer(prompts, {{ padding: true }})` and `generate`; for scores a call with the prompts, one with the endings, and log-softmax in JavaScript; in batches of questions of like length, the longest first. Questions alone: the first {EvaluationBench.LeastQuestions} only. PauseOnnx against it: the median of the rounds' ratios.";

    private const string Limits =
        "Both sides multiply the matrices with ONNX Runtime, which takes most of the time of either: what both compute cannot differ by much, so the figure asked for needs work that is left out. PauseOnnx computes a prompt once for all its endings, endings of like length together, and what the prompts of a batch begin with once, as the questions about one paragraph do. transformers.js has no call for either and computes every row whole; the last columns have JavaScript compute the prompt once and repeat its keys and values by hand.";

    private static List<string> Measure(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (node, rounds) = (parsed.GetRequiredValue(Node), parsed.GetValue(Rounds));
        var shapes = CommaList.Split(parsed.GetRequiredValue(Parameters)).Select(ExportShape.Of).ToArray();
        var lines = new List<string>
        {
            "# Speed of evaluation", "",
            $"{Machine.Describe($"ONNX Runtime {OrtEnv.Instance().GetVersionString()}", NodePackages.TransformersIn(node))} Regenerate with `dotnet run -c Release --project tools/PauseOnnx.Benchmarks -- {string.Join(' ', parsed.Tokens.Select(t => t.Value))}`.", "",
            $"{GraphBench.Threads(parsed.GetValue(Threads))} on both sides; {(rounds == 1 ? "one round" : $"medians of {rounds} rounds")}. {About}", "", Limits, "",
        };
        foreach (var shape in shapes)
        {
            lines.AddRange([$"## {shape.Name}", "", $"Model {shape.About}.", "", .. MeasureShape(parsed, shape, cancellationToken), ""]);
        }

        return lines[..^1];
    }

    private static IEnumerable<string> MeasureShape(ParseResult parsed, ExportShape shape, CancellationToken cancellationToken)
    {
        var (folder, questions) = (parsed.GetRequiredValue(Folder), parsed.GetValue(Questions));
        var files = new EvaluationFiles(Path.Combine(folder, "evaluation"));
        var bytesPerToken = files.Write(RandomCheckpoint.Generate(folder, shape), questions, cancellationToken);
        var bandwidth = MemoryBandwidth.Measure(parsed.GetValue(Threads));
        using var bench = new EvaluationBench(files.Folder, parsed.GetRequiredValue(Node), parsed.GetValue(Threads), cancellationToken);
        var (times, agreements) = (new List<EvaluationTimes>(), new List<EvaluationAgreement>());
        foreach (var task in EvaluationFiles.Tasks)
        {
            var hasChoices = files.Read(task)[0].Choices.Count > 0;
            agreements.Add(bench.Compare(task.Name, questions));
            foreach (var size in CommaList.Split(parsed.GetRequiredValue(Batches)).Select(s => int.Parse(s, CultureInfo.InvariantCulture)))
            {
                Console.Error.WriteLine($"{shape.Name}, {task.Name}, batch {size}");
                times.Add(bench.Measure(task.Name, hasChoices, questions, size, parsed.GetValue(Rounds)));
            }
        }

        files.Delete();
        var table = new EvaluationTable(times, agreements);
        return [.. table.Measured(), "", .. table.Agreement().Concat(table.WrittenLimit(bytesPerToken, bandwidth)).Select(line => $"- {line}")];
    }
}
