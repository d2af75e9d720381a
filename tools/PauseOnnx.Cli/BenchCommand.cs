using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PauseOnnx.CommandLine;
using PauseOnnx.Runtime;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx bench</c>: how fast an exported model answers on this machine.</summary>
internal static class BenchCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "Folder written by 'pauseonnx export'." };

    private static readonly LoadOptions Load = new();

    private static readonly Option<int?> PromptLength = new Option<int?>("--prompt") { Description = "Length of the prompts, in tokens [default: 256, or what the context allows]." }.Positive();

    private static readonly Option<int?> NewTokens = new Option<int?>("--new-tokens") { Description = "Tokens decoded after each [default: 64, or what the context allows]." }.Positive();

    private static readonly Option<int> Batch = new Option<int>("--batch") { Description = "Prompts answered together.", DefaultValueFactory = _ => 1 }.Positive();

    private static readonly Option<int> Rounds = new Option<int>("--rounds") { Description = "Times that each figure is measured.", DefaultValueFactory = _ => 5 }.Positive();

    private static readonly Option<int?> PauseCount = new("--pause-count") { Description = "Pauses before the answer [default: the model's own]." };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("bench", """
            Measures an exported model on this machine: loading, time to the first token, decoding, and memory. The prompts are
            random tokens; medians of several rounds are printed with their range.

            Examples:
              pauseonnx bench artifacts/models/corpus
              pauseonnx bench artifacts/models/corpus --precision int4 --threads 1 --prompt 128 --new-tokens 32
              pauseonnx bench artifacts/models/corpus --batch 8 --pause-count 0
            """) { Model, PromptLength, NewTokens, Batch, Rounds, PauseCount };
        Load.AddTo(command);
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(parsed, cancellationToken), cancellationToken));
        return command;
    }

    private static void Run(ParseResult parsed, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        using var model = PauseModel.Load(parsed.GetRequiredValue(Model), Load.Read(parsed));
        var load = Stopwatch.GetElapsedTime(begin);
        var pauses = parsed.GetValue(PauseCount) ?? model.PauseCount;

        // A token at least is decoded, and the last needs no position.
        var room = model.Config.MaxPositionEmbeddings - pauses;
        var length = parsed.GetValue(PromptLength) ?? Math.Min(256, room / 2);
        var newTokens = parsed.GetValue(NewTokens) ?? Math.Min(64, room - length);
        if (length + newTokens > room)
        {
            throw new ArgumentException($"{length} tokens of prompt, {pauses} pauses and {newTokens} new tokens are {length + pauses + newTokens}; expected at most {model.Config.MaxPositionEmbeddings}, the model's context: give smaller --prompt or --new-tokens.");
        }

        var random = new Random(1);
        var prompts = Enumerable.Range(0, parsed.GetValue(Batch)).Select(_ => Enumerable.Range(0, length).Select(_ => random.Next(model.Config.OrdinaryVocabSize)).ToArray()).ToArray();
        var options = new GenerationOptions { MaxNewTokens = newTokens + 1, StopTokens = [], Temperature = 0, PauseCount = parsed.GetValue(PauseCount) };
        var rounds = ProgressDisplay.Run("bench", parsed.GetValue(Rounds) + 1L, report => Measure(model, prompts, options, parsed.GetValue(Rounds), report, cancellationToken));

        using var process = Process.GetCurrentProcess();
        process.Refresh();
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"load           {load.TotalMilliseconds:0} ms"));
        Print("first token", rounds.Select(r => r.First.TotalMilliseconds), $"ms   {prompts.Length} x {length} tokens, {pauses} pauses");
        Print("decode step", rounds.Select(r => r.Step.TotalMilliseconds), $"ms   at positions {length + pauses} to {length + pauses + newTokens}");
        Print("throughput", rounds.Select(r => prompts.Length / r.Step.TotalSeconds), "tokens/s");
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"memory         {process.WorkingSet64 >> 20} MB resident"));
    }

    // The first round warms up and does not count.
    private static List<(TimeSpan First, TimeSpan Step)> Measure(
        PauseModel model, int[][] prompts, GenerationOptions options, int rounds, Action<long, string> report, CancellationToken cancellationToken)
    {
        var found = new List<(TimeSpan First, TimeSpan Step)>();
        for (var round = 0; round <= rounds; round++)
        {
            using var generator = model.CreateGenerator(prompts, options);
            var begin = Stopwatch.GetTimestamp();
            generator.Step(cancellationToken);
            var first = Stopwatch.GetElapsedTime(begin);
            while (generator.Step(cancellationToken))
            {
            }

            found.Add((first, (Stopwatch.GetElapsedTime(begin) - first) / (options.MaxNewTokens!.Value - 1)));
            report(round + 1, "");
        }

        return found[1..];
    }

    private static void Print(string name, IEnumerable<double> values, string unit)
    {
        double[] sorted = [.. values.Order()];
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{name,-14} {sorted[sorted.Length / 2]:0.00} ({sorted[0]:0.00} to {sorted[^1]:0.00}) {unit}"));
    }
}
