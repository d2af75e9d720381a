using PauseOnnx.Experiments.Reports.Figures;

namespace PauseOnnx.Experiments.Reports;

/// <summary>The table like the paper's first: a row for each task and metric, a column for each way to make a model.</summary>
internal static class ResultsTable
{
    /// <summary>Makes the table.</summary>
    public static ReportTable Create(IReadOnlyList<ModelCurve> curves)
    {
        var places = VariantOrder.Places(curves.Select(c => c.Variant));
        var models = curves.Select(c => (c.Variant, c.MFt)).Distinct().OrderBy(m => places[m.Variant]).ThenBy(m => VariantOrder.MFtKey(m.MFt)).ToArray();
        var hasChance = curves.Any(c => KnownTask.Chance(c.Task) is not null);
        TableColumn[] columns =
        [
            new("task", IsNumber: false),
            new("metric", IsNumber: false),
            .. hasChance ? [new TableColumn("guess")] : Array.Empty<TableColumn>(),
            .. models.Select(m => new TableColumn(m.Variant, Detail(m.MFt, [.. curves.Where(c => (c.Variant, c.MFt) == m)]))),
        ];
        var rows = curves.GroupBy(c => c.Task).SelectMany(task => Metrics(task).Select((metric, i) => Row(task.Key, metric, i == 0, [.. task])));
        return new ReportTable($"Answers to held-out questions, in percent: {Spread(curves)}.", columns, [.. rows]);

        IReadOnlyList<TableCell> Row(string task, string metric, bool isFirst, ModelCurve[] ofTask)
        {
            var cells = models.Select(m => Array.Find(ofTask, c => (c.Variant, c.MFt) == m)).ToArray();
            var best = Best(cells.Select(c => c?.Own.Metrics.TryGetValue(metric, out var summary) == true ? summary.Mean : (double?)null));
            return
            [
                new TableCell(isFirst ? task : ""),
                new TableCell(CurveNames.Metric(metric)),
                .. hasChance ? [isFirst && KnownTask.Chance(task) is { } chance ? new TableCell(Summary.Percent(chance)) : TableCell.None] : Array.Empty<TableCell>(),
                .. cells.Select((c, i) => Cell(c, metric, best[i], columns[columns.Length - models.Length + i])),
            ];
        }
    }

    /// <summary>Which values are the highest: all those that read the same as it when they are rounded as they are shown.</summary>
    /// <param name="means">Fractions 0-1; null where there is none.</param>
    /// <returns>One for each value; nothing is best where there are not two to compare.</returns>
    public static IReadOnlyList<bool> Best(IEnumerable<double?> means)
    {
        var shown = means.Select(m => m is { } mean ? Summary.Percent(mean) : null).ToArray();
        var best = means.Max() is { } max && shown.Count(s => s is not null) > 1 ? Summary.Percent(max) : null;
        return [.. shown.Select(s => s is not null && s == best)];
    }

    private static IEnumerable<string> Metrics(IEnumerable<ModelCurve> curves) => curves.SelectMany(c => c.Own.Metrics.Keys).Distinct();

    private static TableCell Cell(ModelCurve? curve, string metric, bool isBest, TableColumn column)
    {
        if (curve is null || !curve.Own.Metrics.TryGetValue(metric, out var summary))
        {
            return TableCell.None;
        }

        var count = column.Detail.Contains("M_inf", StringComparison.Ordinal) ? "" : $", M_inf {curve.Own.PauseCount}";
        return new TableCell(Summary.Percent(summary.Mean), summary.Spread + count, isBest);
    }

    // A column's tasks may have been asked with different numbers of pauses: then each cell says its own.
    private static string Detail(string mFt, ModelCurve[] curves)
    {
        var counts = curves.Select(c => c.Own.PauseCount).Distinct().ToArray();
        return $"M_ft {mFt}" + (counts is [var count] ? $", M_inf {count}" : "");
    }

    private static string Spread(IReadOnlyList<ModelCurve> curves)
    {
        var seeds = curves.Select(c => c.Cells.Count).Distinct().Order().ToArray();
        const string One = "mean and 95 % interval of the questions, which says nothing about other seeds";
        return seeds switch
        {
            [1] => $"{One} (one seed)",
            [var n] => $"mean ± sample standard deviation over {n} seeds",
            [1, ..] => $"mean ± sample standard deviation over {seeds[1]} to {seeds[^1]} seeds; where there is one seed, {One}, in brackets",
            _ => $"mean ± sample standard deviation over {seeds[0]} to {seeds[^1]} seeds",
        };
    }
}
