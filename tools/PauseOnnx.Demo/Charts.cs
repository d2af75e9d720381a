using PauseOnnx.Model;
using PauseOnnx.Tasks;
using ScottPlot;
using ScottPlot.Plottables;
using ScottPlot.TickGenerators;

namespace PauseOnnx.Demo;

/// <summary>Draws results as PNG files of <see cref="Width"/> x <see cref="Height"/> pixels.</summary>
internal static class Charts
{
    /// <summary>Pixels across.</summary>
    public const int Width = 1800;

    /// <summary>Pixels down.</summary>
    public const int Height = 1080;

    // Everything is drawn at twice its size, so that the charts stay sharp on a dense screen.
    private const double Scale = 2;

    // A pair that readers with any kind of colour vision tell apart (Okabe and Ito), and a grey for what is not measured.
    private static readonly Color WithPauses = Color.FromHex("#0072B2");
    private static readonly Color Others = Color.FromHex("#E69F00");
    private static readonly Color Quiet = Color.FromHex("#666666");

    /// <summary>One bar for each model, with its accuracy, and a line where guessing is.</summary>
    public static void DrawVariants(IReadOnlyList<EvalResult> results, string file)
    {
        var plot = Start(Title("Accuracy by variant", results), "exact answers on held-out questions (%)", "");
        var bars = results.Select((r, i) => new Bar
        {
            Position = results.Count - 1 - i,
            Value = 100 * r.Own.Accuracy,
            Label = $"{100 * r.Own.Accuracy:0.0} %",
            FillColor = r.PauseTraining == "PausePT_PauseFT" ? WithPauses : Others,
            LineWidth = 0,
            Size = 0.62,
            LabelOffset = 8,
        }).ToList();
        var plottable = plot.Add.Bars(bars);
        plottable.Horizontal = true;
        plottable.ValueLabelStyle.FontSize = 15;
        plottable.ValueLabelStyle.Bold = false;
        plot.Axes.Left.TickGenerator = new NumericManual(
            [.. results.Select((_, i) => (double)(results.Count - 1 - i))],
            [.. results.Select(r => $"{r.Name.Replace("_random_M", "\nrandom M in finetuning", StringComparison.Ordinal)}\nM = {r.Own.PauseCount}")]);
        plot.Axes.Left.MajorTickStyle.Length = 0;
        plot.Axes.Bottom.TickGenerator = Ticks(100, 10);
        plot.Axes.SetLimits(0, 112, -0.6, results.Count - 0.2);
        if (Chance(results) is { } chance)
        {
            var line = plot.Add.VerticalLine(100 * chance, 2, Quiet, LinePattern.Dashed);
            line.LegendText = $"guessing ({100 * chance:0} %)";
            plot.ShowLegend(Edge.Bottom);
        }

        plot.Grid.YAxisStyle.IsVisible = false;
        Save(plot, file);
    }

    /// <summary>The measured curve over the number of pauses, and the rule where the task has one.</summary>
    public static void DrawSlope(IReadOnlyList<EvalResult> slopes, string file)
    {
        var plot = Start(Title("Accuracy by number of pauses at inference", slopes), "M, pauses appended to each question (tokens)", "exact answers on held-out questions (%)");
        var most = slopes.Max(s => s.Results.Max(r => r.PauseCount));
        if (ResultTables.HasRule(slopes[0]))
        {
            var counts = Enumerable.Range(0, most + 1).ToArray();
            var rule = plot.Add.Scatter(counts.Select(m => (double)m).ToArray(), counts.Select(m => 100 * LuhnRule.Accuracy(m)).ToArray(), Quiet);
            rule.LineWidth = 2.5f;
            rule.LinePattern = LinePattern.Dashed;
            rule.MarkerSize = 0;
            rule.LegendText = "rule, nothing fitted: M pauses check the multiples of ten up to 10 M, otherwise guess";
        }

        for (var i = 0; i < slopes.Count; i++)
        {
            var points = slopes[i].Results.OrderBy(r => r.PauseCount).ToArray();
            var curve = plot.Add.Scatter(points.Select(r => (double)r.PauseCount).ToArray(), points.Select(r => 100 * r.Accuracy).ToArray(), i == 0 ? WithPauses : Colors.Category10[i]);
            curve.LineWidth = 2.5f;
            curve.MarkerSize = 9;
            curve.LegendText = $"measured: {slopes[i].Name}";
        }

        if (Chance(slopes) is { } chance)
        {
            plot.Add.HorizontalLine(100 * chance, 1.5f, Quiet, LinePattern.Dotted).LegendText = $"guessing ({100 * chance:0} %)";
        }

        plot.Axes.Bottom.TickGenerator = Ticks(most, most > 12 ? 5 : 1);
        plot.Axes.Left.TickGenerator = Ticks(100, 10);
        plot.Axes.SetLimits(-0.5, most + 0.5, 0, 105);
        plot.ShowLegend(Edge.Bottom);
        plot.Legend.Orientation = Orientation.Vertical;
        Save(plot, file);
    }

    private static Plot Start(string title, string xLabel, string yLabel)
    {
        var plot = new Plot { ScaleFactor = Scale };
        plot.Title(title, 18);
        plot.XLabel(xLabel, 14);
        plot.YLabel(yLabel, 14);
        plot.Axes.Bottom.Label.Bold = false;
        plot.Axes.Left.Label.Bold = false;
        plot.Axes.Left.TickLabelStyle.FontSize = 13;
        plot.Axes.Bottom.TickLabelStyle.FontSize = 13;
        plot.Axes.Right.FrameLineStyle.IsVisible = false;
        plot.Axes.Top.FrameLineStyle.IsVisible = false;
        plot.Legend.FontSize = 13;
        plot.Legend.OutlineWidth = 0;
        plot.Legend.ShadowColor = Colors.Transparent;
        plot.Legend.SymbolWidth = 32;
        plot.Axes.Right.MinimumSize = 24;
        return plot;
    }

    private static string Title(string text, IReadOnlyList<EvalResult> results) =>
        results[0].Task is { } task && results.All(r => r.Task == task) ? $"{text}: {task}" : text;

    private static double? Chance(IReadOnlyList<EvalResult> results) =>
        results.All(r => r.Task == results[0].Task) ? TaskList.Find(results[0].Task)?.Chance : null;

    // A tick at every multiple of a step and none between: a percentage or a count of pauses has no finer meaning here.
    private static NumericManual Ticks(int last, int step)
    {
        var places = Enumerable.Range(0, (last / step) + 1).Select(i => i * step).ToArray();
        return new NumericManual([.. places.Select(p => (double)p)], [.. places.Select(p => $"{p}")]);
    }

    private static void Save(Plot plot, string file)
    {
        if (ChartFont.Find() is { } font)
        {
            plot.Font.Set(font);
            foreach (var bars in plot.GetPlottables<BarPlot>())
            {
                bars.ValueLabelStyle.FontName = font;
            }
        }

        AtomicFile.Write(file, temporary => File.WriteAllBytes(temporary, plot.GetImageBytes(Width, Height, ImageFormat.Png)));
    }
}
