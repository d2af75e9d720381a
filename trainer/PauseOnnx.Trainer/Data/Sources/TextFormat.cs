using System.Text;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>Plain text in UTF-8, Markdown and source code too: a file is a document.</summary>
internal sealed class TextFormat : IDocumentFormat
{
    // In UTF-16 units.
    private const int ChunkLength = 1 << 18;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    /// <inheritdoc/>
    /// <remarks>
    /// Long texts come in chunks of some hundred kilobytes, cut before a space wherever there is one: no token of the usual
    /// pre-tokenizers begins before a space and goes on behind it, so that a cut there changes none.
    /// </remarks>
    public IEnumerable<DocumentPart> Read(Stream content, string file, string textField)
    {
        var isFirst = true;
        foreach (var (chunk, isLast) in ReadChunks(content, file))
        {
            yield return new DocumentPart(() => chunk, chunk.Length, StartsDocument: isFirst, EndsDocument: isLast);
            isFirst = false;
        }
    }

    /// <summary>Why a file is not plain text: <c>empty</c>, <c>binary</c> or <c>not UTF-8</c>; null when it is.</summary>
    /// <exception cref="ModelFormatException">The file is compressed and broken.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static string? WhyNotText(string file)
    {
        try
        {
            using var content = CompressedFile.Open(file, out _);
            var hasText = false;
            foreach (var (chunk, _) in ReadChunks(content, file))
            {
                if (chunk.Contains('\0', StringComparison.Ordinal))
                {
                    return "binary";
                }

                hasText |= chunk.Length > 0;
            }

            return hasText ? null : "empty";
        }
        catch (ModelFormatException e) when (e.InnerException is DecoderFallbackException)
        {
            return "not UTF-8";
        }
    }

    private static IEnumerable<(string Chunk, bool IsLast)> ReadChunks(Stream content, string file)
    {
        using var reader = new StreamReader(content, StrictUtf8, detectEncodingFromByteOrderMarks: false, ChunkLength);
        var buffer = new char[ChunkLength];
        var (kept, isFirst, isLast) = (0, true, false);
        while (!isLast)
        {
            var length = kept + ReadBlock(reader, buffer.AsSpan(kept), file);
            isLast = length < buffer.Length;
            var cut = isLast ? length : FindCut(buffer);
            var bom = isFirst && length > 0 && buffer[0] == '\uFEFF' ? 1 : 0;
            yield return (new string(buffer, bom, cut - bom), isLast);
            kept = length - cut;
            buffer.AsSpan(cut, kept).CopyTo(buffer);
            isFirst = false;
        }
    }

    private static int ReadBlock(StreamReader reader, Span<char> buffer, string file)
    {
        try
        {
            return reader.ReadBlock(buffer);
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException($"The text is not UTF-8; expected a text file in UTF-8 ({file}).", e);
        }
    }

    private static int FindCut(ReadOnlySpan<char> text)
    {
        for (var i = text.Length - 1; i > 0; i--)
        {
            if (text[i] == ' ' && !char.IsWhiteSpace(text[i - 1]))
            {
                return i;
            }
        }

        return char.IsHighSurrogate(text[^1]) ? text.Length - 1 : text.Length;
    }
}
