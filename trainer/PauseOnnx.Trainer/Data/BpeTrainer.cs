using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>A trained byte-level BPE vocabulary, without special tokens.</summary>
/// <param name="Tokens">In <see cref="ByteLevelAlphabet"/>, ids by position: the 256 bytes, then one for each merge.</param>
/// <param name="Merges">Pairs in order of rank.</param>
internal sealed record BpeVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges);

/// <summary>
/// Trains byte-level BPE: text is cut into pieces by GPT-2's rule, then the most frequent pair of neighbouring tokens
/// becomes a token, again and again. Among pairs as frequent, the one with the smallest ids wins, so that the same counts
/// always give the same vocabulary, in whatever order they come.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/1508.07909">Sennrich et al., section 3.2</see>.</remarks>
internal sealed class BpeTrainer
{
    // A pair seen once would become a token that nothing is learned about.
    private const long MinPairCount = 2;

    private readonly List<string> _tokens;
    private readonly Dictionary<string, int> _ids;
    private readonly List<(string Left, string Right)> _merges = [];
    private readonly HashSet<Pair> _merged = [];
    private readonly Dictionary<Pair, Occurrences> _pairs = [];
    private readonly PriorityQueue<Pair, Rank> _queue = new();

    // All words' tokens in one array: word w has those from _starts[w] on, _lengths[w] of them, and occurs _counts[w] times.
    private readonly int[] _symbols;
    private readonly int[] _starts;
    private readonly int[] _lengths;
    private readonly long[] _counts;

    /// <summary>A trainer for the pieces of a text.</summary>
    public BpeTrainer(WordCounts words)
    {
        _tokens = [.. Enumerable.Range(0, ByteCount).Select(b => ByteLevelAlphabet.ToSymbol((byte)b)).Order().Select(c => c.ToString())];
        _ids = _tokens.Index().ToDictionary(t => t.Item, t => t.Index);
        var symbols = new List<int>();
        _starts = new int[words.Pieces.Count];
        _lengths = new int[words.Pieces.Count];
        _counts = new long[words.Pieces.Count];
        foreach (var (w, (piece, count)) in words.Pieces.Index())
        {
            _starts[w] = symbols.Count;
            symbols.AddRange(ByteLevelAlphabet.Encode(piece).Select(c => _ids[c.ToString()]));
            (_lengths[w], _counts[w]) = (symbols.Count - _starts[w], count);
        }

        _symbols = [.. symbols];
    }

    /// <summary>Number of tokens before the first merge.</summary>
    public static int ByteCount => byte.MaxValue + 1;

    /// <summary>Merges until the vocabulary has a size, or no pair occurs twice; once a trainer.</summary>
    /// <param name="size">Number of tokens to reach, the 256 bytes included.</param>
    /// <param name="progress">Called with the number of tokens after each merge; null for nobody.</param>
    /// <param name="cancellationToken">Looked at before each merge.</param>
    /// <returns>The vocabulary; smaller than <paramref name="size"/> where the text gives no more.</returns>
    public BpeVocabulary Train(int size, Action<int>? progress = null, CancellationToken cancellationToken = default)
    {
        IndexPairs();
        while (_tokens.Count < size && TakeMostFrequent() is { } pair)
        {
            cancellationToken.ThrowIfCancellationRequested();
            Merge(pair);
            progress?.Invoke(_tokens.Count);
        }

        return new BpeVocabulary(_tokens, _merges);
    }

    private Span<int> Word(int word) => _symbols.AsSpan(_starts[word], _lengths[word]);

    private void IndexPairs()
    {
        for (var w = 0; w < _starts.Length; w++)
        {
            var word = Word(w);
            for (var i = 1; i < word.Length; i++)
            {
                Count(new Pair(word[i - 1], word[i]), _counts[w], w);
            }
        }

        foreach (var (pair, occurrences) in _pairs)
        {
            _queue.Enqueue(pair, new Rank(occurrences.Count, pair));
        }
    }

    // Counts in the queue are those of the time of queueing: an entry that is out of date goes back with its present count.
    private Pair? TakeMostFrequent()
    {
        while (_queue.TryDequeue(out var pair, out var rank))
        {
            var count = _pairs.TryGetValue(pair, out var occurrences) ? occurrences.Count : 0;
            if (count == rank.Count)
            {
                return count >= MinPairCount ? pair : null;
            }

            if (count > 0)
            {
                _queue.Enqueue(pair, new Rank(count, pair));
            }
        }

        return null;
    }

    private void Merge(Pair pair)
    {
        var merged = AddToken(pair);
        var grown = new HashSet<Pair>();
        var words = _pairs[pair].Words;
        foreach (var w in words)
        {
            Merge(w, pair, merged, grown);
        }

        _pairs.Remove(pair);
        grown.Remove(pair);
        foreach (var present in grown)
        {
            _queue.Enqueue(present, new Rank(_pairs[present].Count, present));
        }
    }

    private int AddToken(Pair pair)
    {
        var (left, right) = (_tokens[pair.Left], _tokens[pair.Right]);
        if (_merged.Add(pair))
        {
            _merges.Add((left, right));
        }

        // Two pairs can spell the same token, such as aa a and a aa.
        ref var id = ref CollectionsMarshal.GetValueRefOrAddDefault(_ids, left + right, out var exists);
        if (!exists)
        {
            id = _tokens.Count;
            _tokens.Add(left + right);
        }

        return id;
    }

    // Rewrites a word in place, from the left, and counts only the pairs that end or begin with it.
    private void Merge(int index, Pair pair, int merged, HashSet<Pair> grown)
    {
        var word = Word(index);
        var (count, length) = (_counts[index], 0);
        for (var i = 0; i < word.Length; i++)
        {
            if (i + 1 == word.Length || word[i] != pair.Left || word[i + 1] != pair.Right)
            {
                word[length++] = word[i];
                continue;
            }

            if (length > 0)
            {
                Replace(new Pair(word[length - 1], pair.Left), new Pair(word[length - 1], merged));
            }

            if (i + 2 < word.Length)
            {
                Replace(new Pair(pair.Right, word[i + 2]), new Pair(merged, word[i + 2]));
            }

            word[length++] = merged;
            i++;
        }

        _lengths[index] = length;

        void Replace(Pair old, Pair present)
        {
            _pairs[old].Count -= count;
            Count(present, count, index);
            grown.Add(present);
        }
    }

    private void Count(Pair pair, long count, int word)
    {
        ref var occurrences = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairs, pair, out _);
        occurrences ??= new Occurrences();
        occurrences.Count += count;
        if (occurrences.Words.Count == 0 || occurrences.Words[^1] != word)
        {
            occurrences.Words.Add(word);
        }
    }

    private readonly record struct Pair(int Left, int Right);

    /// <summary>Order of the queue: the highest count first, then the smallest ids.</summary>
    private readonly record struct Rank(long Count, Pair Pair) : IComparable<Rank>
    {
        public int CompareTo(Rank other)
        {
            var byCount = other.Count.CompareTo(Count);
            return byCount != 0 ? byCount : (Pair.Left, Pair.Right).CompareTo((other.Pair.Left, other.Pair.Right));
        }
    }

    /// <summary>How often a pair occurs, and the words that have it or once had it.</summary>
    private sealed class Occurrences
    {
        public long Count { get; set; }

        public List<int> Words { get; } = [];
    }
}
