using System.Text.Json;
using PauseOnnx.Exporter;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>Exports graphs of a checkpoint and measures them, each time in a process of its own.</summary>
/// <param name="checkpoint">Folder of the checkpoint.</param>
/// <param name="folder">Where to export to.</param>
/// <param name="rounds">How often each graph is measured.</param>
/// <param name="cancellationToken">Cancels between two processes.</param>
internal sealed class GraphBench(string checkpoint, string folder, int rounds, CancellationToken cancellationToken)
{
    /// <summary>Exports a graph.</summary>
    /// <param name="target">The kind of host.</param>
    /// <param name="precision">What numbers the graph holds.</param>
    /// <param name="change">What to do to the list of passes; null for nothing.</param>
    public GraphFile Export(ExportTarget target, GraphPrecision precision, PassChange? change = null)
    {
        cancellationToken.ThrowIfCancellationRequested();
        string[] words = [ExportTargets.NameOf(target), GraphPrecisions.NameOf(precision), .. change is null ? Array.Empty<string>() : [change.Name]];
        return GraphFile.Write(checkpoint, Path.Combine(folder, $"{string.Join('-', words)}.onnx"), target, precision, change);
    }

    /// <summary>Measures graphs, one after the other and all again in every round.</summary>
    /// <returns>Of each graph, its times by round.</returns>
    /// <exception cref="InvalidOperationException">A process failed; the message holds what it printed.</exception>
    public IReadOnlyList<IReadOnlyList<CallTimes>> Measure(IReadOnlyList<GraphFile> graphs, int threads)
    {
        var times = graphs.Select(_ => new List<CallTimes>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            Console.Error.WriteLine($"{graphs.Count} graphs, {Threads(threads)}, round {round + 1} of {rounds}");
            for (var i = 0; i < graphs.Count; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                using var process = StepProcess.Ours(CallsCommand.Name, graphs[i].File, graphs[i].Config, $"{graphs[i].HasSharedCache}", $"{threads}");
                times[i].Add(process.About.Deserialize<CallTimes>()!);
            }
        }

        return times;
    }

    /// <summary>Deletes what was exported.</summary>
    public void Delete() => Directory.Delete(folder, recursive: true);

    /// <summary>Such as <c>1 thread</c>.</summary>
    public static string Threads(int count) => count == 1 ? "1 thread" : $"{count} threads";
}
