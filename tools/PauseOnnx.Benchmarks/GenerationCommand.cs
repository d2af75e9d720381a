using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using PauseOnnx.Model;
using PauseOnnx.Runtime;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// <c>pauseonnx-bench generation</c>: runs a model in a process of its own through the public interface of
/// <c>PauseOnnx.Runtime</c> and prints a line of JSON, <see cref="GenerationTimes"/>.
/// </summary>
internal static class GenerationCommand
{
    /// <summary>The command's word.</summary>
    internal const string Name = "generation";

    /// <summary>Tokens of the prompt after which a model that is being loaded gives its first.</summary>
    internal const int ShortPrompt = 8;

    /// <summary>Steps over which memory is counted.</summary>
    internal const int CountedSteps = 100;

    /// <summary>What sampling is measured with.</summary>
    internal const double Temperature = 0.8, TopP = 0.95;

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var folder = new Argument<string>("MODEL");
        var precision = new Argument<string>("PRECISION");
        var threads = new Argument<int>("THREADS");
        var kept = new Option<string?>("--kept") { Description = "Only load, with graphs kept in this folder.", HelpName = "FOLDER" };
        var command = new Command(Name, "Runs a model and prints how long that took; what 'runtime' runs.") { folder, precision, threads, kept };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            var options = new PauseModelOptions
            {
                Precision = GraphPrecisions.Parse(parsed.GetRequiredValue(precision)), IntraOpThreads = parsed.GetValue(threads), OptimizedGraphFolder = parsed.GetValue(kept),
            };
            var model = parsed.GetRequiredValue(folder);
            Console.WriteLine(options.OptimizedGraphFolder is null ? JsonSerializer.Serialize(Measure(model, options)) : JsonSerializer.Serialize(FirstTokenAfterLoad(model, options)));
        });
        return command;
    }

    /// <summary>Prompts of random ids.</summary>
    internal static int[][] Prompts(PauseModel model, int count, int length)
    {
        var random = new Random(0);
        return [.. Enumerable.Range(0, count).Select(_ => Enumerable.Range(0, length).Select(_ => random.Next(model.Config.OrdinaryVocabSize)).ToArray())];
    }

    /// <summary>Makes a step.</summary>
    /// <returns>Milliseconds.</returns>
    internal static double Time(Generator generator)
    {
        var start = Stopwatch.GetTimestamp();
        generator.Step();
        return Stopwatch.GetElapsedTime(start).TotalMilliseconds;
    }

    private static double FirstTokenAfterLoad(string folder, PauseModelOptions options)
    {
        var clock = Stopwatch.StartNew();
        using var model = PauseModel.Load(folder, options);
        First(model, ShortPrompt, CallsCommand.Pauses);
        return clock.Elapsed.TotalMilliseconds;
    }

    private static GenerationTimes Measure(string folder, PauseModelOptions options)
    {
        var clock = Stopwatch.StartNew();
        using var model = PauseModel.Load(folder, options);
        var load = clock.Elapsed.TotalMilliseconds;
        First(model, ShortPrompt, CallsCommand.Pauses);
        var firstToken = clock.Elapsed.TotalMilliseconds;

        First(model, CallsCommand.Prompt, CallsCommand.Pauses);
        var (plain, paused, fed) = (new List<double>(), new List<double>(), new List<double>());
        for (var i = 0; i < CallsCommand.Prefills; i++)
        {
            paused.Add(First(model, CallsCommand.Prompt, CallsCommand.Pauses));
            using var generator = Start(model, CallsCommand.Prompt, pauses: 0, temperature: 0);
            plain.Add(Time(generator));
            fed.Add(plain[^1] + Enumerable.Range(0, CallsCommand.Pauses).Sum(_ => Time(generator)));
        }

        var (decode, allocated) = Decode(model);
        return new(load, firstToken, plain.Min(), paused.Min(), fed.Min(), decode, allocated, Sampling(model));
    }

    private static Generator Start(PauseModel model, int length, int pauses, double temperature) => model.CreateGenerator(
        Prompts(model, 1, length),
        new() { MaxNewTokens = 1 + CallsCommand.Steps + CountedSteps, StopTokens = [], PauseCount = pauses, Temperature = temperature, TopP = temperature == 0 ? null : TopP, Seed = 0 });

    private static double First(PauseModel model, int length, int pauses)
    {
        using var generator = Start(model, length, pauses, temperature: 0);
        return Time(generator);
    }

    private static (double Milliseconds, double Bytes) Decode(PauseModel model)
    {
        using var generator = Start(model, CallsCommand.Prompt, CallsCommand.Pauses, temperature: 0);
        generator.Step();
        var times = new double[CallsCommand.Steps];
        for (var i = 0; i < times.Length; i++)
        {
            times[i] = Time(generator);
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < CountedSteps; i++)
        {
            generator.Step();
        }

        var allocated = GC.GetAllocatedBytesForCurrentThread() - before;
        return (times.Median(), allocated / (double)CountedSteps);
    }

    // Two generators in turn, so that what slows the machine for a while slows both.
    private static double Sampling(PauseModel model)
    {
        using var greedy = Start(model, CallsCommand.Prompt, CallsCommand.Pauses, temperature: 0);
        using var sampling = Start(model, CallsCommand.Prompt, CallsCommand.Pauses, Temperature);
        greedy.Step();
        sampling.Step();
        return Enumerable.Range(0, CallsCommand.Steps).Select(_ => -Time(greedy) + Time(sampling)).ToArray().Median();
    }
}
