using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>The tokens of a batch.</summary>
/// <param name="Ids">Of all parts, one after the other.</param>
/// <param name="Parts">In order.</param>
/// <param name="TextBytes">Size of the text in bytes of UTF-8.</param>
/// <param name="Batch">What was encoded.</param>
internal sealed record EncodedBatch(List<int> Ids, IReadOnlyList<EncodedPart> Parts, long TextBytes, CorpusBatch Batch);

/// <summary>The tokens of a document, or of a part of one.</summary>
/// <param name="End">Where they end among the batch's ids.</param>
/// <param name="StartsDocument">Whether a document begins here.</param>
/// <param name="EndsDocument">Whether the document ends here.</param>
/// <param name="IsHeldOut">Whether a document that begins here is held out.</param>
internal readonly record struct EncodedPart(int End, bool StartsDocument, bool EndsDocument, bool IsHeldOut);

/// <summary>Encodes batches, and decides which documents are held out.</summary>
/// <param name="tokenizer">Text to ids.</param>
/// <param name="heldOutFraction">The part of the documents that is held out, 0 to 1.</param>
/// <remarks>Thread-safe.</remarks>
internal sealed class BatchEncoder(Tokenizer tokenizer, double heldOutFraction)
{
    /// <summary>
    /// Whether a document is held out, by a hash of its text: equal documents always fall on the same side. Of a document
    /// in several parts the first one counts.
    /// </summary>
    public static bool IsHeldOut(ReadOnlySpan<byte> utf8, double fraction) =>
        fraction > 0 && BinaryPrimitives.ReadUInt64BigEndian(SHA256.HashData(utf8)) < fraction * ulong.MaxValue;

    /// <summary>Encodes a batch.</summary>
    /// <exception cref="FormatException">The vocabulary lacks a character of the text.</exception>
    /// <exception cref="ModelFormatException">A line is not what its format asks for.</exception>
    public EncodedBatch Encode(CorpusBatch batch)
    {
        var (ids, parts, textBytes) = (new List<int>(), new List<EncodedPart>(batch.Parts.Count), 0L);
        foreach (var (file, part) in batch.Parts)
        {
            var text = part.Text();
            var utf8 = Encoding.UTF8.GetBytes(text);
            ids.AddRange(Encode(text, file));
            parts.Add(new EncodedPart(ids.Count, part.StartsDocument, part.EndsDocument, part.StartsDocument && IsHeldOut(utf8, heldOutFraction)));
            textBytes += utf8.Length;
        }

        return new EncodedBatch(ids, parts, textBytes, batch);
    }

    private int[] Encode(string text, string file)
    {
        try
        {
            return tokenizer.EncodeOrdinary(text);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{e.Message[..^1]} ({file}).", e);
        }
    }
}
