using System.CommandLine;
using System.Text.Json;
using PauseOnnx.Model;
using PauseOnnx.Runtime;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// <c>pauseonnx-bench batches</c>: decodes batches in a process of its own and prints a line of JSON, of each batch the
/// milliseconds of a step.
/// </summary>
internal static class BatchCommand
{
    /// <summary>The command's word.</summary>
    internal const string Name = "batches";

    /// <summary>Sequences decoded together.</summary>
    internal static readonly int[] Sizes = [1, 2, 4, 8, 16, 32];

    private const int Steps = 16;

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var folder = new Argument<string>("MODEL");
        var precision = new Argument<string>("PRECISION");
        var threads = new Argument<int>("THREADS");
        var command = new Command(Name, "Decodes batches and prints how long that took; what 'runtime' runs.") { folder, precision, threads };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            using var model = PauseModel.Load(
                parsed.GetRequiredValue(folder), new() { Precision = GraphPrecisions.Parse(parsed.GetRequiredValue(precision)), IntraOpThreads = parsed.GetValue(threads) });
            Console.WriteLine(JsonSerializer.Serialize(Sizes.Select(size => Measure(model, size))));
        });
        return command;
    }

    private static double Measure(PauseModel model, int size)
    {
        using var generator = model.CreateGenerator(
            GenerationCommand.Prompts(model, size, CallsCommand.Prompt), new() { MaxNewTokens = 2 + Steps, StopTokens = [], Temperature = 0 });
        generator.Step();
        generator.Step();
        return Enumerable.Range(0, Steps).Select(_ => GenerationCommand.Time(generator)).ToArray().Median();
    }
}
