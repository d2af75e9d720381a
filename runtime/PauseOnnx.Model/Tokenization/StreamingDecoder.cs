using System.Text;

namespace PauseOnnx.Model;

/// <summary>Turns ids into text as they arrive and holds back bytes until their UTF-8 character is complete.</summary>
/// <remarks>For one sequence and one thread; made by <see cref="Tokenizer.CreateDecoder"/>.</remarks>
public sealed class StreamingDecoder
{
    private readonly Tokenizer _tokenizer;
    private readonly Decoder _decoder = Encoding.UTF8.GetDecoder();

    internal StreamingDecoder(Tokenizer tokenizer) => _tokenizer = tokenizer;

    /// <summary>The characters that an id completes; empty when it completes none or is a special token.</summary>
    /// <remarks>Bytes that are not UTF-8 become U+FFFD.</remarks>
    /// <exception cref="ArgumentOutOfRangeException">The id is not in the vocabulary.</exception>
    public string Append(int id) => Convert(_tokenizer.BytesOf(id), flush: false);

    /// <summary>U+FFFD when the last character was left incomplete, else nothing. The decoder can be used for another sequence.</summary>
    public string Flush() => Convert([], flush: true);

    private string Convert(ReadOnlySpan<byte> bytes, bool flush)
    {
        var characters = new char[Encoding.UTF8.GetMaxCharCount(bytes.Length)];
        return new string(characters, 0, _decoder.GetChars(bytes, characters, flush));
    }
}
