using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>What each pass is worth: a graph without it, in turn with the graph that has all.</summary>
internal static class PassesTable
{
    private static readonly (ExportTarget Target, GraphPrecision Precision)[] Cells =
    [
        (ExportTarget.Portable, GraphPrecision.Fp32),
        (ExportTarget.Standard, GraphPrecision.Fp32),
        (ExportTarget.Standard, GraphPrecision.BlockInt4),
        (ExportTarget.Standard, GraphPrecision.DynamicInt8),
    ];

    private static readonly PassChange?[] Changes =
    [
        null,
        PassChange.Without<EarlyDelay>(),
        PassChange.Without<JoinProjections>(),
        PassChange.Without<JoinRotary>(),
        PassChange.Before<JoinRotary>("functions", new InlineFunctions()),
    ];

    /// <summary>Exports and measures.</summary>
    /// <param name="bench">The model.</param>
    /// <param name="threads">Threads of a call.</param>
    /// <returns>Lines of the document: times, and then nodes.</returns>
    public static IEnumerable<string> Measure(GraphBench bench, int threads)
    {
        var table = new MarkdownTable(
            "target", "precision", "left out", "nodes", $"prefill {CallsCommand.Prompt}, ms", "longer by, ms", "decode, ms a token", "longer by, ms");
        var complete = new List<GraphFile>();
        foreach (var (target, precision) in Cells)
        {
            GraphFile[] graphs = [.. Changes.Select(change => bench.Export(target, precision, change))];
            var times = bench.Measure(graphs, threads);
            bench.Delete();
            complete.Add(graphs[0]);
            for (var i = 0; i < graphs.Length; i++)
            {
                string[] cell = [ExportTargets.NameOf(target), GraphPrecisions.NameOf(precision), Changes[i]?.Name ?? "-", $"{graphs[i].Nodes}"];
                table.Add([.. cell, .. Compare(times[i], times[0], t => t.Prefill, "0"), .. Compare(times[i], times[0], t => t.Decode, "0.00")]);
            }
        }

        return [.. table.Lines, "", "Nodes that each pass adds or takes away, over all the times that it runs:", "", .. Nodes(complete).Lines];
    }

    // Differences are taken within a round, so that what slows the machine for a while slows both.
    private static string[] Compare(IReadOnlyList<CallTimes> without, IReadOnlyList<CallTimes> complete, Func<CallTimes, double> figure, string format)
    {
        var median = without.Select(figure).ToArray().Median();
        var difference = without.Zip(complete, (a, b) => figure(a) - figure(b)).ToArray().Median();
        return [median.ToString(format), without == complete ? "-" : $"{difference.ToString($"+{format};-{format};{format}")} ({difference / median:+0.0 %;-0.0 %;0.0 %})"];
    }

    private static MarkdownTable Nodes(IReadOnlyList<GraphFile> graphs)
    {
        var table = new MarkdownTable(["pass", .. Cells.Select(c => $"{ExportTargets.NameOf(c.Target)} {GraphPrecisions.NameOf(c.Precision)}")]);
        foreach (var pass in graphs.SelectMany(g => g.Passes).Select(p => p.Name).Distinct())
        {
            int?[] changes = [.. graphs.Select(g => g.Passes.Where(p => p.Name == pass).Select(p => (int?)(p.NodesAfter - p.NodesBefore)).Sum())];
            table.Add([pass, .. graphs.Zip(changes, (g, c) => g.Passes.Any(p => p.Name == pass) ? $"{c:+0;-0;0}" : "")]);
        }

        return table;
    }
}
