using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using PauseOnnx.Trainer;
using TorchSharp;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// <c>pauseonnx-bench steps</c>: trains in a process of its own, a step for each line <c>step</c> on standard input, and
/// answers each with a line of JSON. The peers in peers/ speak the same way.
/// </summary>
internal static class StepsCommand
{
    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var shape = new Argument<string>("SHAPE");
        var precision = new Argument<string>("PRECISION");
        var lossFraction = new Argument<double>("LOSS_FRACTION");
        var threads = new Argument<int>("THREADS");
        var command = new Command("steps", "Trains a step for each line 'step' on standard input; what 'training' runs.") { shape, precision, lossFraction, threads };
        command.Hidden = true;
        command.SetAction(parsed => Serve(
            TrainingShape.Of(parsed.GetRequiredValue(shape)),
            parsed.GetRequiredValue(precision) == "bf16" ? Precision.Bf16 : Precision.Fp32,
            parsed.GetValue(lossFraction),
            parsed.GetValue(threads)));
        return command;
    }

    private static void Serve(TrainingShape shape, Precision precision, double lossFraction, int threads)
    {
        torch.set_num_threads(threads);
        using var model = new LanguageModel(shape.CreateConfig(), precision);
        new Initialization().Draw(model, seed: 0);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        using var process = new SingleProcess();
        var options = new RunOptions { Steps = int.MaxValue, BatchSize = shape.BatchSize, SequenceLength = shape.Length, LearningRate = 1e-4 };
        var rows = shape.CreateRows(lossFraction);
        Answer(new { version = torch.__version__, parameters = model.Parameters.Count });
        if (Console.ReadLine() != "step")
        {
            return;
        }

        var clock = Stopwatch.StartNew();
        new TrainingLoop(model, optimizer, options, process).Run(_ => rows, double.NaN, progress =>
        {
            var seconds = clock.Elapsed.TotalSeconds;
            using var self = Process.GetCurrentProcess();
            Answer(new { seconds, loss = progress.Loss, live = DisposeScopeManager.Statistics.ThreadTotalLiveCount, rss = self.WorkingSet64, peak = self.PeakWorkingSet64 });
            var goesOn = Console.ReadLine() == "step";
            clock.Restart();
            return goesOn;
        }, CancellationToken.None);
    }

    private static void Answer(object line) => Console.WriteLine(JsonSerializer.Serialize(line));
}
