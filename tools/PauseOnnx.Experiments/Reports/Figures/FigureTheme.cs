using ScottPlot;

namespace PauseOnnx.Experiments.Reports.Figures;

/// <summary>Colours of what is not a model: the same figure is drawn for an image and for a page that may be dark.</summary>
/// <param name="Ink">Text and axis.</param>
/// <param name="Quiet">Lesser text, and lines that are not measured.</param>
/// <param name="Grid">Lines of the grid.</param>
/// <param name="Background">What lies behind.</param>
internal sealed record FigureTheme(Color Ink, Color Quiet, Color Grid, Color Background)
{
    // Okabe and Ito's colours, which readers with any kind of colour vision tell apart.
    private static readonly Dictionary<string, string> Variants = new()
    {
        ["StdPT_StdFT"] = "#E69F00",
        ["StdPT_PauseFT"] = "#CC79A7",
        ["PausePT_StdFT"] = "#56B4E9",
        ["PausePT_PauseFT"] = "#0072B2",
        ["filler"] = "#D55E00",
        ["prepended"] = "#009E73",
    };

    private static readonly string[] OtherRows = ["#7D7D7D", "#8C6D31", "#7B61A8", "#5F8A00"];

    /// <summary>Dark on white.</summary>
    public static FigureTheme Paper { get; } = new(Color.FromHex("#1B1B1B"), Color.FromHex("#6B6B6B"), Color.FromHex("#E6E6E6"), Colors.White);

    /// <summary>Colours that nothing else has, for <see cref="PageSvg"/> to find and to replace by the page's.</summary>
    public static FigureTheme Page { get; } = new(Color.FromHex("#010203"), Color.FromHex("#010204"), Color.FromHex("#010205"), Colors.Transparent);

    /// <summary>The colour of a variant, the same in every figure of a report.</summary>
    /// <param name="variant">Its name.</param>
    /// <param name="curves">All models of the figure, for the order of the rows that only an experiment knows.</param>
    public static Color Of(string variant, IEnumerable<ModelCurve> curves)
    {
        if (Variants.TryGetValue(variant, out var known))
        {
            return Color.FromHex(known);
        }

        // Colours of the variants that an experiment does without serve its further rows.
        var names = curves.Select(c => c.Variant).Distinct().ToArray();
        string[] colors = [.. OtherRows, .. Variants.Where(v => !names.Contains(v.Key)).Select(v => v.Value)];
        return Color.FromHex(colors[names.Where(v => !Variants.ContainsKey(v)).ToList().IndexOf(variant) % colors.Length]);
    }
}
