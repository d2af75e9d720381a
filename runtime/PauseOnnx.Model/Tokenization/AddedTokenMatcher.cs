using System.Buffers;
using System.Globalization;
using System.Text;

namespace PauseOnnx.Model;

/// <summary>A part of a text: an added token, or text to be encoded.</summary>
/// <param name="Id">The token's id; null for text.</param>
/// <param name="Start">Index of the first character.</param>
/// <param name="End">Index after the last one.</param>
internal readonly record struct TextPart(int? Id, int Start, int End);

/// <summary>Finds added tokens in a text: the leftmost, and the longest of those that begin there.</summary>
/// <remarks>Thread-safe.</remarks>
internal sealed class AddedTokenMatcher
{
    private readonly SearchValues<string>? _beginnings;
    private readonly Dictionary<string, AddedToken>.AlternateLookup<ReadOnlySpan<char>> _tokens;
    private readonly int[] _lengths;

    /// <summary>A matcher of tokens.</summary>
    /// <param name="tokens">How each is written in the text that is searched, and the token; the first of equals counts.</param>
    public AddedTokenMatcher(IEnumerable<(string Content, AddedToken Token)> tokens)
    {
        var byContent = new Dictionary<string, AddedToken>();
        foreach (var (content, token) in tokens.Where(t => t.Content.Length > 0))
        {
            byContent.TryAdd(content, token);
        }

        _tokens = byContent.GetAlternateLookup<ReadOnlySpan<char>>();
        _lengths = [.. byContent.Keys.Select(c => c.Length).Distinct().OrderDescending()];
        _beginnings = byContent.Count > 0 ? SearchValues.Create([.. byContent.Keys], StringComparison.Ordinal) : null;
    }

    /// <summary>Cuts a text into tokens and what lies between them.</summary>
    /// <param name="text">The text.</param>
    /// <param name="withSpecial">Whether special tokens are matched; else they are text like any other.</param>
    public IEnumerable<TextPart> Split(string text, bool withSpecial)
    {
        var rest = 0;
        for (var at = 0; Find(text, at) is var (token, start); at = start + token.Content)
        {
            var (left, right) = (start, start + token.Content);
            if ((token.Token.IsSpecial && !withSpecial) || (token.Token.IsSingleWord && TouchesWord(text, left, right)))
            {
                continue;
            }

            if (token.Token.StripsLeft)
            {
                left = Math.Max(text.AsSpan(0, left).TrimEnd().Length, rest);
            }

            if (token.Token.StripsRight)
            {
                right = text.Length - text.AsSpan(right).TrimStart().Length;
            }

            if (rest < left)
            {
                yield return new TextPart(null, rest, left);
            }

            yield return new TextPart(token.Token.Id, left, right);
            rest = right;
        }

        if (rest < text.Length)
        {
            yield return new TextPart(null, rest, text.Length);
        }
    }

    private ((AddedToken Token, int Content) Match, int Start)? Find(string text, int from)
    {
        var index = _beginnings is null ? -1 : text.AsSpan(from).IndexOfAny(_beginnings);
        if (index < 0)
        {
            return null;
        }

        var start = from + index;
        var length = _lengths.First(l => start + l <= text.Length && _tokens.ContainsKey(text.AsSpan(start, l)));
        return ((_tokens[text.AsSpan(start, length)], length), start);
    }

    private static bool TouchesWord(string text, int start, int end) =>
        (Rune.DecodeLastFromUtf16(text.AsSpan(0, start), out var before, out _) == OperationStatus.Done && IsOfWord(before))
        || (Rune.DecodeFromUtf16(text.AsSpan(end), out var after, out _) == OperationStatus.Done && IsOfWord(after));

    // \w of https://www.unicode.org/reports/tr18/#Compatibility_Properties; .NET's lacks half of it.
    private static bool IsOfWord(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is <= UnicodeCategory.LetterNumber or UnicodeCategory.ConnectorPunctuation
        || rune.Value is 0x200C or 0x200D or (>= 0x24B6 and <= 0x24E9) or (>= 0x1F130 and <= 0x1F149) or (>= 0x1F150 and <= 0x1F169) or (>= 0x1F170 and <= 0x1F189);
}
