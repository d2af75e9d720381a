using System.Globalization;

namespace PauseOnnx.Model;

/// <summary>Cuts text into the pieces inside which tokens are merged: regular expressions, each applied to the pieces of the one before.</summary>
/// <remarks>Thread-safe.</remarks>
public sealed class PreTokenizer
{
    internal const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    // .NET's \p{L} sees UTF-16 units, so a letter beyond U+FFFF would be two surrogates and no letter. Expressions run on a
    // copy of the text in which each such character is one character of the same category.
    private static readonly char[] StandIns = CreateStandIns();

    private readonly IReadOnlyList<SplitRule> _rules;

    internal PreTokenizer(IReadOnlyList<SplitRule> rules) => _rules = rules;

    /// <summary>GPT-2's rule: words with the space before them, runs of digits, runs of signs, runs of spaces.</summary>
    public static PreTokenizer Gpt2 { get; } = new([new SplitRule(Gpt2Pattern)]);

    /// <summary>The pieces of a text in order; without gaps, unless a rule removes what it finds.</summary>
    public IReadOnlyList<Range> Split(ReadOnlySpan<char> text)
    {
        if (_rules.Count == 0 || !text.ContainsAnyInRange('\ud800', '\udfff'))
        {
            return SplitUnits(text);
        }

        var units = new char[text.Length];
        var starts = new int[text.Length + 1];
        var count = 0;
        for (var i = 0; i < text.Length; count++)
        {
            starts[count] = i;
            var isPair = i + 1 < text.Length && char.IsSurrogatePair(text[i], text[i + 1]);
            units[count] = isPair ? StandIns[(int)CharUnicodeInfo.GetUnicodeCategory(char.ConvertToUtf32(text[i], text[i + 1]))] : text[i];
            i += isPair ? 2 : 1;
        }

        starts[count] = text.Length;
        return SplitUnits(units.AsSpan(0, count)).ConvertAll(r => starts[r.Start.Value]..starts[r.End.Value]);
    }

    private List<Range> SplitUnits(ReadOnlySpan<char> text)
    {
        List<Range> pieces = [0..text.Length];
        foreach (var rule in _rules)
        {
            var finer = new List<Range>();
            foreach (var piece in pieces)
            {
                rule.Split(text[piece], piece.Start.Value, finer);
            }

            pieces = finer;
        }

        return pieces;
    }

    private static char[] CreateStandIns()
    {
        var standIns = new char[(int)UnicodeCategory.OtherNotAssigned + 1];
        for (var c = '\u0080'; c < char.MaxValue; c++)
        {
            ref var standIn = ref standIns[(int)char.GetUnicodeCategory(c)];
            if (standIn == 0 && !char.IsWhiteSpace(c))
            {
                standIn = c;
            }
        }

        return standIns;
    }
}
