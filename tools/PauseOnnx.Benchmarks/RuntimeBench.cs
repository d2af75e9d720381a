using System.Text.Json;
using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>Runs the runtime and its peers, one after the other and all again in every round, in a process of its own each time.</summary>
/// <param name="files">What they load.</param>
/// <param name="node">Folder in which the packages of npm are installed, such as tests/node.</param>
/// <param name="vocabulary">V.</param>
/// <param name="rounds">How often each is measured.</param>
/// <param name="cancellationToken">Cancels between two processes.</param>
internal sealed class RuntimeBench(RuntimeFiles files, string node, int vocabulary, int rounds, CancellationToken cancellationToken)
{
    /// <summary>What <c>--parts</c> can name.</summary>
    public static readonly string[] AllParts = ["llama.cpp", "transformers.js", "batches"];

    /// <summary>Measures.</summary>
    /// <param name="threads">Threads of a call.</param>
    /// <param name="parts">Some of <see cref="AllParts"/>; our own steps are always measured.</param>
    /// <exception cref="InvalidOperationException">A process failed; the message holds what it printed.</exception>
    public RuntimeTimes Measure(int threads, IReadOnlySet<string> parts)
    {
        var measurements = Measurements(threads, parts).ToArray();
        var answers = measurements.ToDictionary(m => m.Name, _ => new List<JsonElement>());

        // The first load leaves the graph that the later ones find.
        using (var first = StartKept(threads))
        {
            _ = first.About;
        }

        for (var round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"{measurements.Length} processes, {GraphBench.Threads(threads)}, round {round + 1} of {rounds}");
            foreach (var (name, start) in measurements)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var process = start();
                answers[name].Add(process.About);
            }
        }

        IReadOnlyDictionary<T, IReadOnlyList<TTimes>> Of<T, TTimes>(string kind, IEnumerable<T> keys)
            where T : notnull =>
            keys.Where(k => answers.ContainsKey($"{kind} {k}")).ToDictionary(k => k, k => (IReadOnlyList<TTimes>)answers[$"{kind} {k}"].ConvertAll(a => a.Deserialize<TTimes>()!));

        return new(
            Of<GraphPrecision, GenerationTimes>("ours", RuntimeFiles.Precisions),
            Of<GgufType, PeerTimes>("llama.cpp", RuntimeFiles.Types),
            Of<GraphPrecision, PeerTimes>("transformers.js", RuntimeFiles.Precisions),
            Of<GraphPrecision, double>("kept", RuntimeFiles.Precisions),
            Of<GraphPrecision, double[]>("batches", RuntimeFiles.Precisions));
    }

    private IEnumerable<(string Name, Func<StepProcess> Start)> Measurements(int threads, IReadOnlySet<string> parts)
    {
        foreach (var precision in RuntimeFiles.Precisions)
        {
            yield return ($"ours {precision}", () => StepProcess.Ours(GenerationCommand.Name, files.Model, GraphPrecisions.NameOf(precision), $"{threads}"));
        }

        yield return ($"kept {GraphPrecision.BlockInt4}", () => StartKept(threads));
        foreach (var type in RuntimeFiles.Types.Where(_ => parts.Contains("llama.cpp")))
        {
            yield return ($"llama.cpp {type}", () => StepProcess.Ours(LlamaCommand.Name, LlamaLibrary.FolderIn(Path.Combine(node, "node_modules")), files.Gguf(type), $"{vocabulary}", $"{threads}"));
        }

        foreach (var precision in RuntimeFiles.Precisions.Where(_ => parts.Contains("transformers.js")))
        {
            yield return ($"transformers.js {precision}", () => StartTransformers(precision, threads));
        }

        if (parts.Contains("batches"))
        {
            yield return ($"batches {GraphPrecision.Fp32}", () => StepProcess.Ours(BatchCommand.Name, files.Model, GraphPrecisions.NameOf(GraphPrecision.Fp32), $"{threads}"));
        }
    }

    private StepProcess StartKept(int threads) => StepProcess.Ours(
        GenerationCommand.Name, files.Model, GraphPrecisions.NameOf(GraphPrecision.BlockInt4), $"{threads}", "--kept", Path.Combine(Path.GetDirectoryName(files.Model)!, "kept"));

    private StepProcess StartTransformers(GraphPrecision precision, int threads)
    {
        var script = Path.Combine(AppContext.BaseDirectory, "peers", "transformers_decode.mjs");
        var word = precision switch
        {
            GraphPrecision.Fp32 => "fp32",
            GraphPrecision.BlockInt8 => "int8",
            GraphPrecision.BlockInt4 => "q4",
            GraphPrecision.DynamicInt8 => "q8",
            _ => throw new ArgumentOutOfRangeException(nameof(precision), precision, "Expected one of those measured."),
        };
        return new("node", [script, node, files.Model, word, $"{threads}", $"{CallsCommand.Prompt}", $"{CallsCommand.Steps}", $"{vocabulary}"]);
    }
}
