using System.Globalization;

namespace PauseOnnx.Model;

/// <summary>How the texts of tokens become one text, as the decoder of a tokenizer.json says.</summary>
internal sealed record DecodingRules
{
    /// <summary>Whether tokens are bytes, written in <see cref="ByteLevelAlphabet"/>.</summary>
    public bool IsByteLevel { get; init; }

    /// <summary>Texts that are replaced in each token, in order.</summary>
    public IReadOnlyList<(string Old, string New)> Replacements { get; init; } = [];

    /// <summary>Whether tokens from <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> are bytes of UTF-8.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>The character that is taken from the beginning of the text.</summary>
    public char Stripped { get; init; }

    /// <summary>How many of it at most.</summary>
    public int StripCount { get; init; }

    /// <summary>What is a space in tokens; null when that is <see cref="Replacements"/>' business.</summary>
    public char? SpaceMark { get; init; }

    /// <summary>Whether the first token loses its <see cref="SpaceMark"/>s.</summary>
    public bool FirstLosesSpaces { get; init; }

    /// <summary>What a token stands for.</summary>
    public TokenText Read(string token)
    {
        if (IsByteLevel)
        {
            return new TokenText(ByteLevelAlphabet.Decode(token), IsBytes: true, "");
        }

        var text = Replacements.Aggregate(token, (t, r) => t.Replace(r.Old, r.New, StringComparison.Ordinal));
        var isByte = ByteFallback && text.Length == 6 && text.StartsWith("<0x", StringComparison.Ordinal) && text[5] == '>';
        return isByte && byte.TryParse(text.AsSpan(3, 2), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value)
            ? new TokenText([value], IsBytes: true, "")
            : new TokenText([], IsBytes: false, text);
    }
}

/// <summary>What a token stands for: bytes of UTF-8, which may end inside a character, or text.</summary>
internal readonly record struct TokenText(byte[] Bytes, bool IsBytes, string Text);
