using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>How often each piece of text occurs, cut by GPT-2's rule; what a byte-level BPE vocabulary is trained on.</summary>
internal sealed class WordCounts
{
    /// <summary>Most different pieces that are held, about 400 MB of them.</summary>
    public const int DefaultMaxPieces = 4_000_000;

    // Longer parts are rarely seen again.
    private const int MaxPartLength = 32;

    private readonly Dictionary<string, long> _pieces = [];

    /// <summary>The pieces with their numbers.</summary>
    public IReadOnlyDictionary<string, long> Pieces => _pieces;

    /// <summary>Counts the pieces of texts. None reaches beyond the ends of its text.</summary>
    public static WordCounts Of(IEnumerable<string> texts)
    {
        // Most parts occur again within a batch: the rule, which is slow, sees each once.
        var parts = new Dictionary<string, long>();
        var byPart = parts.GetAlternateLookup<ReadOnlySpan<char>>();
        var counts = new WordCounts();
        foreach (var text in texts)
        {
            for (var (start, end) = (0, 0); start < text.Length; start = end)
            {
                end = WordCuts.Next(text, start);
                var part = text.AsSpan(start, end - start);
                if (part.Length <= MaxPartLength)
                {
                    CollectionsMarshal.GetValueRefOrAddDefault(byPart, part, out _)++;
                }
                else
                {
                    counts.AddPieces(part, 1);
                }
            }
        }

        foreach (var (part, count) in parts)
        {
            counts.AddPieces(part, count);
        }

        return counts;
    }

    /// <summary>Adds other counts. Where too many different pieces come together, the rarest are forgotten.</summary>
    /// <param name="other">Counts of more text.</param>
    /// <param name="maxPieces">Most different pieces to hold afterwards.</param>
    public void Add(WordCounts other, int maxPieces = DefaultMaxPieces)
    {
        foreach (var (piece, count) in other._pieces)
        {
            CollectionsMarshal.GetValueRefOrAddDefault(_pieces, piece, out _) += count;
        }

        for (var rare = 1L; _pieces.Count > maxPieces; rare *= 2)
        {
            foreach (var (piece, count) in _pieces)
            {
                if (count <= rare)
                {
                    _pieces.Remove(piece);
                }
            }
        }
    }

    private void AddPieces(ReadOnlySpan<char> part, long count)
    {
        var counts = _pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var piece in PreTokenizer.Gpt2.Split(part))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, part[piece], out _) += count;
        }
    }
}
