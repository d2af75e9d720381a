using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// <c>pauseonnx-bench calls</c>: loads a graph in a process of its own, calls it as a host does, and prints a line of JSON,
/// <see cref="CallTimes"/>.
/// </summary>
internal static class CallsCommand
{
    /// <summary>The command's word.</summary>
    internal const string Name = "calls";

    /// <summary>Tokens of the prompt.</summary>
    internal const int Prompt = 256;

    /// <summary>M of the first calls with pauses.</summary>
    internal const int Pauses = 10;

    /// <summary>Positions seen by a decode step, on the average.</summary>
    internal const int DecodePosition = 300;

    /// <summary>Positions of a buffer that the host owns.</summary>
    internal const int MaxLength = 512;

    /// <summary>First calls of which the fastest counts.</summary>
    internal const int Prefills = 3;

    /// <summary>Decode steps after them, of which the median counts.</summary>
    internal const int Steps = 2 * (DecodePosition - Prompt - Pauses);

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var graph = new Argument<string>("GRAPH");
        var config = new Argument<string>("CONFIG");
        var hasSharedCache = new Argument<bool>("HAS_SHARED_CACHE");
        var threads = new Argument<int>("THREADS");
        var command = new Command(Name, "Loads a graph, calls it and prints how long that took; what 'targets' runs.") { graph, config, hasSharedCache, threads };
        command.Hidden = true;
        command.SetAction(parsed => Console.WriteLine(JsonSerializer.Serialize(Measure(
            parsed.GetRequiredValue(graph),
            ModelConfigJson.Read(parsed.GetRequiredValue(config)),
            parsed.GetValue(hasSharedCache),
            parsed.GetValue(threads)))));
        return command;
    }

    private static CallTimes Measure(string graph, ModelConfig config, bool hasSharedCache, int threads)
    {
        var own = Memory().Now;
        var settings = new DecoderSettings { HasSharedCache = hasSharedCache, MaxLength = MaxLength, PauseCount = 0, IsStrict = false, Threads = threads };
        var clock = Stopwatch.StartNew();
        using var session = new DecoderSession(graph, config, settings);
        var load = clock.Elapsed.TotalMilliseconds;
        var loaded = Memory().Now;

        var random = new Random(0);
        long[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => (long)random.Next(config.OrdinaryVocabSize))];
        double Call(int tokens, int length)
        {
            var (ids, mask) = (Ids(tokens), Enumerable.Repeat(1L, length).ToArray());
            clock.Restart();
            session.Run(1, ids, mask);
            return clock.Elapsed.TotalMilliseconds;
        }

        double Prefill(int pauses)
        {
            // A buffer that the host owns stays; making one is not part of a call.
            if (!hasSharedCache)
            {
                session.Reset();
            }

            session.PauseCount = pauses;
            return Call(Prompt, Prompt);
        }

        Prefill(Pauses);
        var (plain, paused) = (new List<double>(), new List<double>());
        for (var i = 0; i < Prefills; i++)
        {
            plain.Add(Prefill(0));
            paused.Add(Prefill(Pauses));
        }

        var decode = Enumerable.Range(1, Steps).Select(step => Call(1, Prompt + step)).ToArray();
        return new(load, own, loaded, Memory().Peak, plain.Min(), paused.Min(), decode.Median());
    }

    private static (long Now, long Peak) Memory()
    {
        using var self = Process.GetCurrentProcess();
        return (self.WorkingSet64, self.PeakWorkingSet64);
    }
}
