using System.Globalization;

namespace PauseOnnx.CommandLine;

/// <summary>A list of pause counts as a user writes it: <c>0,2,4..12,15</c>.</summary>
public static class PauseCounts
{
    /// <summary>Parses a list of numbers and ranges; ascending, each once.</summary>
    /// <exception cref="FormatException">An item is neither a number from 0 nor a rising range.</exception>
    public static IReadOnlyList<int> Parse(string text) =>
        [.. text.Split(',', StringSplitOptions.TrimEntries).SelectMany(item => ParseItem(item, text)).Distinct().Order()];

    private static IEnumerable<int> ParseItem(string item, string text)
    {
        var ends = item.Split("..");
        return ends.Length <= 2 && TryParse(ends[0], out var first) && TryParse(ends[^1], out var last) && first <= last && last - first < 10_000
            ? Enumerable.Range(first, last - first + 1)
            : throw new FormatException($"'{item}' in '{text}' is no pause count; expected numbers from 0 and ranges, such as 0,2,4..12,15.");
    }

    private static bool TryParse(string digits, out int number) =>
        int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out number);
}
