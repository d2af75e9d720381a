using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>A trained byte-level BPE vocabulary, without special tokens.</summary>
/// <param name="Tokens">In <see cref="ByteLevelAlphabet"/>, ids by position: the 256 bytes, then one for each merge.</param>
/// <param name="Merges">Pairs in order of rank.</param>
internal sealed record BpeVocabulary(IReadOnlyList<string> Tokens, IReadOnlyList<(string Left, string Right)> Merges);

/// <summary>
/// Trains byte-level BPE: text is cut into pieces by GPT-2's rule, then the most frequent pair of neighbouring tokens
/// becomes a token, again and again. Among pairs as frequent, the one with the smallest ids wins, so that the same text
/// always gives the same vocabulary.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/1508.07909">Sennrich et al., section 3.2</see>.</remarks>
internal sealed class BpeTrainer
{
    // A pair seen once would become a token that nothing is learned about.
    private const long MinPairCount = 2;

    private readonly Dictionary<string, long> _pieces = [];
    private readonly List<string> _tokens;
    private readonly List<(string Left, string Right)> _merges = [];
    private readonly HashSet<Pair> _merged = [];
    private readonly Dictionary<string, int> _ids;
    private readonly Dictionary<Pair, long> _pairCounts = [];
    private readonly Dictionary<Pair, List<int>> _pairWords = [];
    private readonly PriorityQueue<Pair, Rank> _queue = new();
    private Word[] _words = [];

    /// <summary>A trainer that has seen no text.</summary>
    public BpeTrainer()
    {
        _tokens = [.. Enumerable.Range(0, ByteCount).Select(b => ByteLevelAlphabet.ToSymbol((byte)b)).Order().Select(c => c.ToString())];
        _ids = _tokens.Index().ToDictionary(t => t.Item, t => t.Index);
    }

    /// <summary>Number of tokens before the first merge.</summary>
    public static int ByteCount => byte.MaxValue + 1;

    /// <summary>Counts the pieces of a text. Pieces do not reach beyond its ends.</summary>
    public void Add(ReadOnlySpan<char> text)
    {
        var counts = _pieces.GetAlternateLookup<ReadOnlySpan<char>>();
        foreach (var piece in PreTokenizer.Gpt2.Split(text))
        {
            CollectionsMarshal.GetValueRefOrAddDefault(counts, text[piece], out _)++;
        }
    }

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

    private void IndexPairs()
    {
        _words = [.. _pieces.Select(p => new Word(Array.ConvertAll(ByteLevelAlphabet.Encode(p.Key).ToCharArray(), c => _ids[c.ToString()]), p.Value))];
        _pieces.Clear();
        for (var w = 0; w < _words.Length; w++)
        {
            foreach (var pair in _words[w].Pairs())
            {
                Count(pair, _words[w].Count);
                Locate(pair, w);
            }
        }

        foreach (var (pair, count) in _pairCounts)
        {
            _queue.Enqueue(pair, new Rank(count, pair));
        }
    }

    // Counts in the queue are those of the time of queueing: an entry that is out of date goes back with its present count.
    private Pair? TakeMostFrequent()
    {
        while (_queue.TryDequeue(out var pair, out var rank))
        {
            var count = _pairCounts.GetValueOrDefault(pair);
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
        var (left, right) = (_tokens[pair.Left], _tokens[pair.Right]);
        if (_merged.Add(pair))
        {
            _merges.Add((left, right));
        }

        // Two pairs can spell the same token, such as aa a and a aa.
        if (!_ids.TryGetValue(left + right, out var merged))
        {
            merged = _tokens.Count;
            _tokens.Add(left + right);
            _ids.Add(left + right, merged);
        }

        var grown = new HashSet<Pair>();
        foreach (var w in _pairWords[pair])
        {
            ref var word = ref _words[w];
            foreach (var old in word.Pairs())
            {
                Count(old, -word.Count);
            }

            word = word.Merge(pair, merged);
            foreach (var present in word.Pairs())
            {
                Count(present, word.Count);
                if (present.Left == merged || present.Right == merged)
                {
                    Locate(present, w);
                    grown.Add(present);
                }
            }
        }

        _pairWords.Remove(pair);
        _pairCounts.Remove(pair);
        foreach (var present in grown)
        {
            _queue.Enqueue(present, new Rank(_pairCounts[present], present));
        }
    }

    private void Count(Pair pair, long change) => CollectionsMarshal.GetValueRefOrAddDefault(_pairCounts, pair, out _) += change;

    private void Locate(Pair pair, int word)
    {
        ref var words = ref CollectionsMarshal.GetValueRefOrAddDefault(_pairWords, pair, out _);
        words ??= [];
        if (words.Count == 0 || words[^1] != word)
        {
            words.Add(word);
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

    /// <summary>A piece of text as tokens, and how often it occurs.</summary>
    private readonly record struct Word(int[] Ids, long Count)
    {
        public IEnumerable<Pair> Pairs()
        {
            for (var i = 1; i < Ids.Length; i++)
            {
                yield return new Pair(Ids[i - 1], Ids[i]);
            }
        }

        public Word Merge(Pair pair, int merged)
        {
            var ids = new List<int>(Ids.Length);
            for (var i = 0; i < Ids.Length; i++)
            {
                var isPair = i + 1 < Ids.Length && Ids[i] == pair.Left && Ids[i + 1] == pair.Right;
                ids.Add(isPair ? merged : Ids[i]);
                i += isPair ? 1 : 0;
            }

            return this with { Ids = [.. ids] };
        }
    }
}
