using System.Text;

namespace PauseOnnx.Model.Chat;

/// <summary>Operations on strings that filters and methods share, as Python has them.</summary>
internal static class JinjaStrings
{
    /// <summary>Takes whitespace, or any of the characters, from the ends.</summary>
    /// <param name="text">The string.</param>
    /// <param name="characters">null for whitespace.</param>
    /// <param name="left">From its start.</param>
    /// <param name="right">From its end.</param>
    public static string Strip(string text, string? characters, bool left, bool right)
    {
        bool IsTaken(char c) => characters is null ? IsSpace(c) : characters.Contains(c);
        var (start, end) = (0, text.Length);
        while (left && start < end && IsTaken(text[start]))
        {
            start++;
        }

        while (right && end > start && IsTaken(text[end - 1]))
        {
            end--;
        }

        return text[start..end];
    }

    /// <summary>The parts between separators.</summary>
    /// <param name="text">The string.</param>
    /// <param name="separator">Not empty; null for runs of whitespace.</param>
    /// <param name="maxCount">Separators to cut at, from the left; negative for all.</param>
    public static List<object?> Split(string text, string? separator, long maxCount)
    {
        var parts = new List<object?>();
        var rest = separator is null ? Strip(text, null, left: true, right: false) : text;
        while (maxCount < 0 || parts.Count < maxCount)
        {
            var at = separator is null ? IndexOfSpace(rest) : rest.IndexOf(separator, StringComparison.Ordinal);
            if (at < 0)
            {
                break;
            }

            parts.Add(rest[..at]);
            rest = separator is null ? Strip(rest[at..], null, left: true, right: false) : rest[(at + separator.Length)..];
        }

        if (separator is not null || rest.Length > 0)
        {
            parts.Add(rest);
        }

        return parts;
    }

    /// <summary>Each word with its first letter large and the others small.</summary>
    public static string Title(string text)
    {
        var (title, isInWord) = (new StringBuilder(text.Length), false);
        foreach (var rune in text.EnumerateRunes())
        {
            title.Append(isInWord ? Rune.ToLowerInvariant(rune) : Rune.ToUpperInvariant(rune));
            isInWord = Rune.IsLetter(rune);
        }

        return title.ToString();
    }

    /// <summary>The first letter large and the others small.</summary>
    public static string Capitalize(string text) => text.Length == 0 ? text : char.ToUpperInvariant(text[0]) + text[1..].ToLowerInvariant();

    private static int IndexOfSpace(string text)
    {
        var at = 0;
        while (at < text.Length && !IsSpace(text[at]))
        {
            at++;
        }

        return at < text.Length ? at : -1;
    }

    // Python's whitespace has the four information separators, too.
    private static bool IsSpace(char c) => char.IsWhiteSpace(c) || c is >= '\x1C' and <= '\x1F';
}
