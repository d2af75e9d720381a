using System.CommandLine;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using PauseOnnx.CommandLine;
using PauseOnnx.Exporter;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary><c>pauseonnx-bench targets</c>: what each target, precision and pass is worth, on one machine.</summary>
internal static class TargetsCommand
{
    private static readonly string[] AllTables = ["targets", "passes", "scale", "quality"];

    private static readonly Option<string> Parameters = Model("--parameters", "Model of the first two tables", "130M");

    private static readonly Option<string> Scale = Model("--scale", "Model of the third table", "1.1B");

    private static readonly Option<string> Tables = new("--tables") { Description = "Which tables.", DefaultValueFactory = _ => string.Join(',', AllTables), HelpName = "LIST" };

    private static readonly Option<string> Threads = new("--threads") { Description = "Numbers of threads, such as 1,2; passes are measured with the first.", DefaultValueFactory = _ => "1", HelpName = "LIST" };

    private static readonly Option<int> Rounds = new Option<int>("--rounds") { Description = "How often each graph is measured, in a process of its own each time.", DefaultValueFactory = _ => 5, HelpName = "N" }.Positive();

    private static readonly Option<string> Folder = Location("--folder", "Where checkpoints are generated and exported: 20 GB.", "artifacts/bench");

    private static readonly Option<string> Luhn = Location("--luhn", "Trained checkpoint of the Luhn task.", "artifacts/checkpoints/luhn");

    private static readonly Option<string> LuhnData = Location("--luhn-data", "Its data.", "artifacts/data/luhn");

    private static readonly Option<string> Corpus = Location("--corpus", "Checkpoint trained on text.", "artifacts/checkpoints/corpus");

    private static readonly Option<string> CorpusData = Location("--corpus-data", "Its data, or a text file that it has not seen.", "artifacts/data/corpus");

    private static readonly Option<string?> Output = new("--out") { Description = "Markdown file to write. Default: standard output only.", HelpName = "FILE" };

    private const string AboutPasses =
        "A pass is left out of a graph that has all the others, and both are measured in turn; what the graph then takes longer, the median of the differences within a round, is what the pass is worth. Without functions, `AppendPause` and `DelayedOutput` are written in ONNX's operators.";

    private const string AboutQuality =
        "Target standard, on data that the models have not seen, each position given the right tokens before it. Accuracy: whole answers. Precisions with integers also with other options of `pauseonnx export`.";

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("targets", """
            Measures graphs of a generated checkpoint for every target in every precision, graphs with one pass left out, exports of a
            large checkpoint, and what precisions keep of trained models. Close other programs first: it takes about half an hour.

            Examples:
              pauseonnx-bench targets --out docs/targets.md
              pauseonnx-bench targets --tables targets --rounds 1
            """) { Parameters, Scale, Tables, Threads, Rounds, Folder, Luhn, LuhnData, Corpus, CorpusData, Output };
        Tables.Validators.Add(result =>
        {
            foreach (var name in CommaList.Split(result.GetValueOrDefault<string>()).Except(AllTables))
            {
                result.AddError($"--tables has '{name}'; expected some of {string.Join(", ", AllTables)}.");
            }
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(() => MarkdownTable.Publish(Measure(parsed, cancellationToken), parsed.GetValue(Output)), cancellationToken));
        return command;
    }

    private static List<string> Measure(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (folder, rounds) = (parsed.GetRequiredValue(Folder), parsed.GetValue(Rounds));
        int[] threads = [.. CommaList.Split(parsed.GetRequiredValue(Threads)).Select(t => int.Parse(t, CultureInfo.InvariantCulture))];
        var chosen = CommaList.Split(parsed.GetRequiredValue(Tables)).ToHashSet();
        GraphBench Bench(ExportShape shape) => new(RandomCheckpoint.Generate(folder, shape), Path.Combine(folder, "graphs"), rounds, cancellationToken);

        var (model, large) = (ExportShape.Of(parsed.GetRequiredValue(Parameters)), ExportShape.Of(parsed.GetRequiredValue(Scale)));

        // First, as it asks most of what it is given.
        string[] quality = !chosen.Contains("quality")
            ? []
            : ["## What precisions keep of trained models", "", AboutQuality, "", .. QualityTable.Measure(Sources(parsed), Path.Combine(folder, "quality"), cancellationToken)];
        var lines = new List<string>
        {
            "# Targets and precisions", "",
            $"{Machine.Describe($"ONNX Runtime {OrtEnv.Instance().GetVersionString()}")} Regenerate with `dotnet run -c Release --project tools/PauseOnnx.Benchmarks -- {string.Join(' ', parsed.Tokens.Select(t => t.Value))}`.", "",
        };
        if (chosen.Contains("targets"))
        {
            lines.AddRange(["## Size, memory and speed", "", $"Model {model.About}. {About(rounds)}", "", .. TargetsTable.Measure(Bench(model), TargetsTable.Cells, threads)]);
        }

        if (chosen.Contains("passes"))
        {
            lines.AddRange(["## What each pass is worth", "", $"Model {model.About}, {GraphBench.Threads(threads[0])}. {AboutPasses}", "", .. PassesTable.Measure(Bench(model), threads[0]), ""]);
        }

        if (chosen.Contains("scale"))
        {
            var exports = new ExportBench(folder, ["fp32", "int4"], rounds, cancellationToken).Measure([large]);
            lines.AddRange(["## A large model", "", $"Model {large.About}. {ExportBench.About}", "", .. exports.Lines, ""]);
            lines.AddRange(TargetsTable.Measure(Bench(large), [(ExportTarget.Standard, GraphPrecision.BlockInt4)], threads));
        }

        return [.. lines, .. quality];
    }

    private static string About(int rounds) =>
        $"Medians of {rounds} rounds; each graph is loaded and called in a process of its own in every round, in turn with the others, from files in the system's cache. Prefill: a first call of one sequence of {CallsCommand.Prompt} tokens, without pauses and with {CallsCommand.Pauses}. Decode: a call with one token at about {CallsCommand.DecodePosition} positions. Limit: the weights and the cache that such a call must read, at the rate at which a plain loop reads two gigabytes here. RSS is of the whole process. Exported with `--pause-count dynamic --max-length {CallsCommand.MaxLength}`. Target triton is left out: its graph is portable's.";

    private static QualitySource[] Sources(ParseResult parsed) =>
    [
        new("luhn", parsed.GetRequiredValue(Luhn), parsed.GetRequiredValue(LuhnData), "dotnet cake --target=Export"),
        new("corpus", parsed.GetRequiredValue(Corpus), parsed.GetRequiredValue(CorpusData), "dotnet cake --target=Export --corpus=PATH"),
    ];

    private static Option<string> Model(string name, string what, string model) =>
        new(name) { Description = $"{what}: {string.Join(", ", ExportShape.All.Select(s => s.Name))}.", DefaultValueFactory = _ => model, HelpName = "NAME" };

    private static Option<string> Location(string name, string what, string path) =>
        new(name) { Description = what, DefaultValueFactory = _ => path, HelpName = "PATH" };
}
