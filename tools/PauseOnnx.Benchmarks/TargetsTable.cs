using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>Targets in precisions: size, memory and speed, beside what the memory allows.</summary>
internal static class TargetsTable
{
    /// <summary>Every target in every precision that it can run, but for triton, whose graph is portable's own.</summary>
    public static IReadOnlyList<(ExportTarget Target, GraphPrecision Precision)> Cells { get; } =
    [
        .. from target in Enum.GetValues<ExportTarget>()
           where target != ExportTarget.Triton
           from precision in Targets.Of(target).Precisions
           select (target, precision),
    ];

    /// <summary>Exports and measures.</summary>
    /// <param name="bench">The model.</param>
    /// <param name="cells">What to export.</param>
    /// <param name="threads">Numbers of threads.</param>
    /// <returns>Lines of the document.</returns>
    public static IEnumerable<string> Measure(GraphBench bench, IReadOnlyList<(ExportTarget Target, GraphPrecision Precision)> cells, IReadOnlyList<int> threads)
    {
        GraphFile[] graphs = [.. cells.Select(c => bench.Export(c.Target, c.Precision))];
        var lines = new List<string>();
        foreach (var count in threads)
        {
            var before = MemoryBandwidth.Measure(count);
            var times = bench.Measure(graphs, count);
            var bandwidth = Math.Max(before, MemoryBandwidth.Measure(count));
            var table = new MarkdownTable(
                "target", "precision", "nodes", "files, MB", "load, ms", "RSS loaded, MB", "peak, MB", $"prefill {CallsCommand.Prompt}, ms",
                $"with {CallsCommand.Pauses} pauses, ms", "decode, ms a token", "limit, ms", "of the limit");
            for (var i = 0; i < cells.Count; i++)
            {
                table.Add([ExportTargets.NameOf(cells[i].Target), GraphPrecisions.NameOf(cells[i].Precision), .. Figures(graphs[i], times[i], bandwidth)]);
            }

            var own = times[0].Select(t => t.OwnBytes / 1e6).ToArray().Median();
            lines.AddRange([$"With {GraphBench.Threads(count)}; memory is read at {bandwidth / 1e9:F1} GB/s; RSS before loading {own:F0} MB.", "", .. table.Lines, ""]);
        }

        bench.Delete();
        return lines;
    }

    private static string[] Figures(GraphFile graph, IReadOnlyList<CallTimes> times, double bandwidth)
    {
        double Median(Func<CallTimes, double> figure) => times.Select(figure).ToArray().Median();
        var (plain, paused, decode) = (Median(t => t.Prefill), Median(t => t.PausedPrefill), Median(t => t.Decode));
        var limit = 1000 * graph.BytesPerToken / bandwidth;
        return
        [
            $"{graph.Nodes}",
            $"{graph.Bytes / 1e6:F1}",
            $"{Median(t => t.Load):F0}",
            $"{Median(t => t.LoadedBytes) / 1e6:F0}",
            $"{Median(t => t.PeakBytes) / 1e6:F0}",
            $"{plain:F0}",
            $"{paused:F0} ({paused / plain:F2} x)",
            $"{decode:F2}",
            $"{limit:F2}",
            $"{limit / decode:P0}",
        ];
    }
}
