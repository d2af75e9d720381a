using PauseOnnx.Model;

namespace PauseOnnx.Experiments.Reports;

/// <summary>One way to make a model, measured on one task: the seeds of a variant with one M_ft.</summary>
internal sealed record ModelCurve
{
    /// <summary>The row of the experiment.</summary>
    public required string Variant { get; init; }

    /// <summary>M_ft, such as <c>10</c> or <c>6..30</c>.</summary>
    public required string MFt { get; init; }

    /// <summary>The task.</summary>
    public required string Task { get; init; }

    /// <summary>One for each seed, in the seeds' order, at least one.</summary>
    public required IReadOnlyList<CellResult> Cells { get; init; }

    /// <summary>One for each M_inf that all seeds were measured with, ascending, at least one.</summary>
    public required IReadOnlyList<CurvePoint> Points { get; init; }

    /// <summary>
    /// The point that tables show. It is chosen before looking: the number of pauses that the model was exported with; of a
    /// filler, which no model is made for, the largest one tried.
    /// </summary>
    public required CurvePoint Own { get; init; }

    /// <summary>The metric that figures show: the task's first.</summary>
    public string MainMetric => Points[0].Metrics.Keys.First();

    /// <summary>
    /// The curves of all cells: task after task as <c>pauseonnx task</c> lists them, in each the paper's variants in its order,
    /// then the other rows in the order of the cells.
    /// </summary>
    /// <exception cref="ModelFormatException">Seeds of one model have no M_inf or no metric in common, or one seed is there twice.</exception>
    public static IReadOnlyList<ModelCurve> Of(IReadOnlyList<CellResult> cells)
    {
        var places = VariantOrder.Places(cells.Select(c => c.Variant));
        return
        [
            .. cells.GroupBy(c => (c.Task, c.Variant, c.MFt))
                .OrderBy(g => KnownTask.Rank(g.Key.Task))
                .ThenBy(g => g.Key.Task, StringComparer.Ordinal)
                .ThenBy(g => places[g.Key.Variant])
                .ThenBy(g => VariantOrder.MFtKey(g.Key.MFt))
                .Select(g => Of([.. g.OrderBy(c => c.Seed)])),
        ];
    }

    private static ModelCurve Of(CellResult[] seeds)
    {
        var first = seeds[0];
        if (seeds.CountBy(c => c.Seed).FirstOrDefault(s => s.Value > 1) is { Value: > 1 } twice)
        {
            throw new ModelFormatException(
                $"Seed {twice.Key} is there twice for {first.Variant}, M_ft {first.MFt}, on {first.Task}: "
                + $"{string.Join(", ", seeds.Where(c => c.Seed == twice.Key).Select(c => $"{c.Id}.json"))}; expected one file.");
        }

        var counts = seeds.Select(c => c.Evaluation.Points.Select(p => p.PauseCount)).Aggregate((all, next) => all.Intersect(next)).Order().ToArray();
        var metrics = seeds.SelectMany(c => c.Evaluation.Points).Select(p => p.Metrics.Keys).Aggregate((all, next) => all.Intersect(next)).ToArray();
        if (counts.Length == 0 || metrics.Length == 0)
        {
            throw new ModelFormatException(
                $"{string.Join(", ", seeds.Select(c => $"{c.Id}.json"))} have no {(counts.Length == 0 ? "pause count" : "metric")} in common; "
                + "expected seeds that were measured alike.");
        }

        CurvePoint[] points = [.. counts.Select(m => CurvePoint.Of(m, metrics, seeds))];
        var own = first.Evaluation.Delay == Delay.Filler ? counts[^1] : first.Evaluation.PauseCount;
        return new ModelCurve
        {
            Variant = first.Variant,
            MFt = first.MFt,
            Task = first.Task,
            Cells = seeds,
            Points = points,
            Own = points.FirstOrDefault(p => p.PauseCount == own) ?? points[^1],
        };
    }
}

/// <summary>How well a model answers with one number of pauses, and at what cost: means over seeds.</summary>
/// <param name="PauseCount">M_inf.</param>
/// <param name="Metrics">By name, the task's own first.</param>
/// <param name="Flops">Of one answer.</param>
/// <param name="Milliseconds">Of one question asked alone; null where a seed was not timed.</param>
internal sealed record CurvePoint(int PauseCount, IReadOnlyDictionary<string, Summary> Metrics, double Flops, double? Milliseconds)
{
    /// <summary>Summarizes the seeds at one M_inf.</summary>
    public static CurvePoint Of(int pauseCount, IEnumerable<string> metrics, IReadOnlyList<CellResult> seeds)
    {
        var points = seeds.Select(c => c.Evaluation.Points.First(p => p.PauseCount == pauseCount)).ToArray();
        return new CurvePoint(
            pauseCount,
            metrics.ToDictionary(m => m, m => Summary.Of([.. points.Select(p => p.Metrics[m])])),
            seeds.Zip(points, (cell, point) => CellCost.Flops(cell, point)).Average(),
            points.All(p => p.AnswerMilliseconds is not null) ? points.Average(p => p.AnswerMilliseconds) : null);
    }
}
