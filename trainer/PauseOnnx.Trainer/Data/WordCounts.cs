using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>How often each piece of text occurs, cut by GPT-2's rule; what a byte-level BPE vocabulary is trained on.</summary>
internal sealed class WordCounts
{
    /// <summary>Most different pieces that are held, about 400 MB of them.</summary>
    public const int DefaultMaxPieces = 4_000_000;

    private readonly Dictionary<string, long> _pieces = [];

    /// <summary>The pieces with their numbers.</summary>
    public IReadOnlyDictionary<string, long> Pieces => _pieces;

    /// <summary>Counts the pieces of texts. None reaches beyond the ends of its text.</summary>
    public static WordCounts Of(IEnumerable<string> texts)
    {
        var counts = new WordCounts();
        var pieces = counts._pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var text in texts)
        {
            foreach (var piece in PreTokenizer.Gpt2.Split(text))
            {
                CollectionsMarshal.GetValueRefOrAddDefault(pieces, text.AsSpan(piece), out _)++;
            }
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
}
