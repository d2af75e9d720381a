using System.CommandLine;
using System.Globalization;
using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Benchmarks;

/// <summary><c>pauseonnx-bench runtime</c>: the runtime beside llama.cpp, transformers.js and what the memory allows.</summary>
internal static class RuntimeCommand
{
    private static readonly Option<string> Parameters = new("--parameters") { Description = $"Model: {string.Join(", ", ExportShape.All.Select(s => s.Name))}.", DefaultValueFactory = _ => "130M", HelpName = "NAME" };

    private static readonly Option<string> Parts = new("--parts") { Description = "What to measure besides the runtime's own steps.", DefaultValueFactory = _ => string.Join(',', RuntimeBench.AllParts), HelpName = "LIST" };

    private static readonly Option<string> Threads = new("--threads") { Description = "Numbers of threads.", DefaultValueFactory = _ => "1,2", HelpName = "LIST" };

    private static readonly Option<int> Rounds = new Option<int>("--rounds") { Description = "How often each is measured, in a process of its own each time.", DefaultValueFactory = _ => 3, HelpName = "N" }.Positive();

    private static readonly Option<string> Folder = new("--folder") { Description = "Where a checkpoint is generated and its files are written: 3 GB.", DefaultValueFactory = _ => Path.Combine("artifacts", "bench"), HelpName = "PATH" };

    private static readonly Option<string> Node = new("--node") { Description = "Where the packages of npm are installed, by 'npm ci --ignore-scripts'.", DefaultValueFactory = _ => Path.Combine("tests", "node"), HelpName = "PATH" };

    private static readonly Option<string?> Output = new("--out") { Description = "Markdown file to write. Default: standard output only.", HelpName = "FILE" };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("runtime", """
            Measures the runtime beside llama.cpp and transformers.js, on the same weights, in turn, and says which of the figures
            asked of it are reached. Close other programs first: it takes about twenty minutes.

            Examples:
              pauseonnx-bench runtime --out docs/runtime-speed.md
              pauseonnx-bench runtime --parts llama.cpp --threads 1 --rounds 1
            """) { Parameters, Parts, Threads, Rounds, Folder, Node, Output };
        Parts.Validators.Add(result =>
        {
            foreach (var name in CommaList.Split(result.GetValueOrDefault<string>()).Except(RuntimeBench.AllParts))
            {
                result.AddError($"--parts has '{name}'; expected some of {string.Join(", ", RuntimeBench.AllParts)}.");
            }
        });
        command.SetAction((parsed, cancellationToken) => Task.Run(() => MarkdownTable.Publish(Measure(parsed, cancellationToken), parsed.GetValue(Output)), cancellationToken));
        return command;
    }

    private static List<string> Measure(ParseResult parsed, CancellationToken cancellationToken)
    {
        var (shape, folder, node, rounds) = (ExportShape.Of(parsed.GetRequiredValue(Parameters)), parsed.GetRequiredValue(Folder), parsed.GetRequiredValue(Node), parsed.GetValue(Rounds));
        var parts = CommaList.Split(parsed.GetRequiredValue(Parts)).ToHashSet();
        string[] peers = [$"ONNX Runtime {OrtEnv.Instance().GetVersionString()}", .. parts.Contains("llama.cpp") ? [$"{LlamaLibrary.Package} {NodePackages.VersionOf(node, LlamaLibrary.Package)}"] : Array.Empty<string>(), .. parts.Contains("transformers.js") ? [NodePackages.TransformersIn(node)] : Array.Empty<string>()];
        var files = new RuntimeFiles(RandomCheckpoint.Generate(folder, shape), Path.Combine(folder, "runtime"));
        var bytesPerToken = files.Write();
        var bench = new RuntimeBench(files, node, shape.Vocabulary, rounds, cancellationToken);
        var lines = new List<string>
        {
            "# Speed of the runtime", "",
            $"{Machine.Describe(peers)} Regenerate with `dotnet run -c Release --project tools/PauseOnnx.Benchmarks -- {string.Join(' ', parsed.Tokens.Select(t => t.Value))}`.", "",
            $"Model {shape.About}. {About(rounds)}", "", NotFair, "",
        };
        foreach (var threads in CommaList.Split(parsed.GetRequiredValue(Threads)).Select(t => int.Parse(t, CultureInfo.InvariantCulture)))
        {
            var before = MemoryBandwidth.Measure(threads);
            var times = bench.Measure(threads, parts);
            var bandwidth = Math.Max(before, MemoryBandwidth.Measure(threads));
            var table = new RuntimeTable(times, bytesPerToken, bandwidth);
            lines.AddRange([$"## With {GraphBench.Threads(threads)}", "", $"Memory is read at {bandwidth / 1e9:F1} GB/s.", "", .. table.Measured(), "", .. table.Verdicts(), ""]);
        }

        files.Delete();
        return lines[..^1];
    }

    private static string About(int rounds) =>
        $"Medians of {rounds} rounds; everything is loaded and run in a process of its own in every round, in turn, from files in the system's cache. PauseOnnx: `PauseModel` and `Generator` on graphs of target standard, exported with `--pause-count dynamic`. Prefill: a first step of one sequence of {CallsCommand.Prompt} tokens without pauses, the faster of {CallsCommand.Prefills}. Decode: a greedy step of one token at about {CallsCommand.DecodePosition} positions, the median of {CallsCommand.Steps}. llama.cpp: `llama_decode` and the pointer to the logits, called from C#, without sampling; batch and micro-batch of 512, flash attention on, which is the faster way, other settings its own, so that weights are repacked and the cache is float16; every matrix of the file, embedding and head among them, is of the type named. transformers.js: `generate`, from token to token. Limit: the weights and the cache that a step must read, at the rate at which a loop reads two gigabytes from four places at once. First token with pauses fed one by one: a first step without them, and then as many steps of one token. Sampling: what a step takes longer with temperature {GenerationCommand.Temperature} and top-p {GenerationCommand.TopP}, two generators in turn. Load to the first token: from before `PauseModel.Load` until the first token after {ShortAbout}, within a fresh process that has started; with `PauseModelOptions.OptimizedGraphFolder`, which an earlier load has filled, too.";

    private static string ShortAbout => $"a prompt of {GenerationCommand.ShortPrompt} tokens and {CallsCommand.Pauses} pauses";

    private const string NotFair =
        "Not equal: PauseOnnx keeps keys and values in float32, llama.cpp in float16, which is less to read; int8 and int4 of PauseOnnx have a float32 scale for 128 values, q8_0 and q4_0 a float16 one for 32; embedding and head of PauseOnnx's int4 are in int8, of q4_0 in 4 bits. Weights are random: logits are flat, so that top-p keeps most of the vocabulary, which is sampling at its dearest. Which precisions keep 99 % of the first choices is shown by docs/targets.md, on trained models.";
}
