using System.Globalization;

namespace PauseOnnx.Trainer;

/// <summary>A span of time as a user writes it: <c>90s</c>, <c>30m</c>, <c>2h</c>, <c>1:30:00</c>.</summary>
internal static class TimeLimit
{
    // More than a year of hours, less than a TimeSpan holds.
    private const double MaxNumber = 1e8;

    /// <summary>Parses a span of time above zero.</summary>
    /// <exception cref="FormatException">The text is none.</exception>
    public static TimeSpan Parse(string text)
    {
        var unit = text.Length > 0 ? text[^1] : ' ';
        TimeSpan? span = "smh".Contains(unit, StringComparison.Ordinal) && double.TryParse(text[..^1], NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number) && number < MaxNumber
            ? unit switch { 's' => TimeSpan.FromSeconds(number), 'm' => TimeSpan.FromMinutes(number), _ => TimeSpan.FromHours(number) }
            : text.Contains(':', StringComparison.Ordinal) && TimeSpan.TryParse(text, CultureInfo.InvariantCulture, out var clock) ? clock : null;
        return span > TimeSpan.Zero ? span.Value : throw new FormatException($"'{text}' is no time; expected something like 90s, 30m, 2h or 1:30:00.");
    }
}
