using System.Globalization;

namespace PauseOnnx.Experiments.Reports;

/// <summary>The order in which a table names models: the paper's own, then an experiment's further rows.</summary>
internal static class VariantOrder
{
    private static readonly string[] BuiltIn =
        ["StdPT_StdFT", "StdPT_PauseFT", "PausePT_StdFT", "PausePT_PauseFT", "filler", "prepended"];

    /// <summary>The place of each variant, from 0: the paper's in its order, then further rows in the order in which they come.</summary>
    public static IReadOnlyDictionary<string, int> Places(IEnumerable<string> variants) => variants.Distinct()
        .OrderBy(v => Array.IndexOf(BuiltIn, v) is >= 0 and var index ? index : BuiltIn.Length)
        .Index()
        .ToDictionary(v => v.Item, v => v.Index);

    /// <summary>Whether a variant is the paper's, rather than a row that only an experiment knows.</summary>
    public static bool IsBuiltIn(string variant) => BuiltIn.Contains(variant);

    /// <summary>Sorts M_ft: fixed numbers ascending, then ranges by their ends, then anything else.</summary>
    public static (int Kind, int From, int To, string Text) MFtKey(string mFt)
    {
        var ends = mFt.Split("..");
        var numbers = ends.Select(e => int.TryParse(e, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number : -1).ToArray();
        return numbers.Length <= 2 && numbers.All(n => n >= 0) ? (numbers.Length - 1, numbers[0], numbers[^1], mFt) : (2, 0, 0, mFt);
    }
}
