using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using PauseOnnx.Benchmarks.LlamaCpp;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// <c>pauseonnx-bench llama</c>: loads a GGUF file with llama.cpp in a process of its own, calls it as <see cref="CallsCommand"/>
/// calls a graph, and prints a line of JSON, <see cref="CallTimes"/>.
/// </summary>
internal static class LlamaCommand
{
    /// <summary>The command's word.</summary>
    internal const string Name = "llama";

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var library = new Argument<string>("LIBRARY");
        var file = new Argument<string>("GGUF");
        var vocabulary = new Argument<int>("VOCABULARY");
        var threads = new Argument<int>("THREADS");
        var command = new Command(Name, "Loads a file with llama.cpp, calls it and prints how long that took; what 'runtime' runs.") { library, file, vocabulary, threads };
        command.Hidden = true;
        command.SetAction(parsed => Console.WriteLine(JsonSerializer.Serialize(Measure(
            LlamaLibrary.Load(parsed.GetRequiredValue(library)), parsed.GetRequiredValue(file), parsed.GetValue(vocabulary), parsed.GetValue(threads)))));
        return command;
    }

    private static PeerTimes Measure(LlamaLibrary library, string file, int vocabulary, int threads)
    {
        var clock = Stopwatch.StartNew();
        using var context = new LlamaContext(library, file, CallsCommand.MaxLength, threads);
        var load = clock.Elapsed.TotalMilliseconds;
        var random = new Random(0);
        double Call(int tokens)
        {
            int[] ids = [.. Enumerable.Range(0, tokens).Select(_ => random.Next(vocabulary))];
            clock.Restart();
            context.Run(ids);
            return clock.Elapsed.TotalMilliseconds;
        }

        double Prefill(int tokens)
        {
            context.Reset();
            return Call(tokens);
        }

        Prefill(CallsCommand.Prompt);
        var prefill = Enumerable.Range(0, CallsCommand.Prefills).Select(_ => Prefill(CallsCommand.Prompt)).ToArray();

        // As many positions as our graph has seen, whose last first call was one with pauses.
        Prefill(CallsCommand.Prompt + CallsCommand.Pauses);
        var decode = Enumerable.Range(0, CallsCommand.Steps).Select(_ => Call(1)).ToArray();
        return new(load, prefill.Min(), decode.Median());
    }
}
