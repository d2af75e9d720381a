using System.Collections.Frozen;
using System.Text;

namespace PauseOnnx.Model;

/// <summary>
/// GPT-2's alphabet of 256 printable characters, one a byte, in which byte-level vocabularies and merges are written:
/// printable Latin-1 stands for itself, everything else for a character from U+0100 on (a space is <c>Ġ</c>).
/// </summary>
/// <remarks>See <see href="https://github.com/openai/gpt-2/blob/master/src/encoder.py">bytes_to_unicode</see>.</remarks>
public static class ByteLevelAlphabet
{
    private static readonly char[] Symbols = CreateSymbols();
    private static readonly FrozenDictionary<char, byte> Bytes =
        Symbols.Select((symbol, value) => KeyValuePair.Create(symbol, (byte)value)).ToFrozenDictionary();

    /// <summary>The character that stands for a byte.</summary>
    public static char ToSymbol(byte value) => Symbols[value];

    /// <summary>The symbols of a text's UTF-8 bytes; half a surrogate pair counts as U+FFFD.</summary>
    public static string Encode(ReadOnlySpan<char> text)
    {
        var bytes = new byte[Encoding.UTF8.GetMaxByteCount(text.Length)];
        var length = Encoding.UTF8.GetBytes(text, bytes);
        return string.Create(length, bytes, (symbols, source) =>
        {
            for (var i = 0; i < symbols.Length; i++)
            {
                symbols[i] = Symbols[source[i]];
            }
        });
    }

    /// <summary>The bytes of a vocabulary entry; one with a character outside the alphabet is ordinary text, as in Hugging Face's decoder.</summary>
    public static byte[] Decode(string symbols)
    {
        var bytes = new byte[symbols.Length];
        for (var i = 0; i < symbols.Length; i++)
        {
            if (!Bytes.TryGetValue(symbols[i], out bytes[i]))
            {
                return Encoding.UTF8.GetBytes(symbols);
            }
        }

        return bytes;
    }

    private static char[] CreateSymbols()
    {
        var next = (char)0x100;
        var symbols = new char[256];
        for (var value = 0; value < symbols.Length; value++)
        {
            var isPrintable = value is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
            symbols[value] = isPrintable ? (char)value : next++;
        }

        return symbols;
    }
}
