using System.Collections.Concurrent;
using System.Text;

namespace PauseOnnx.Model;

/// <summary>
/// Turns pieces of text into ids: characters, or bytes, are merged in the order of the merges' ranks. Equal to Hugging
/// Face's BPE model.
/// </summary>
/// <remarks>Thread-safe. Answers for short pieces are kept; a piece of n characters takes time proportional to n log n.</remarks>
internal sealed class BytePairEncoder
{
    private const int MaxCachedPieces = 1 << 16;
    private const int MaxCachedLength = 64;
    private const int Unknown = -1;
    private const char SpaceMark = '\u2581';

    private readonly TokenizerModel _model;
    private readonly bool _isByteLevel;
    private readonly int[] _byteIds;
    private readonly Dictionary<int, int> _characterIds = [];
    private readonly Dictionary<ulong, Merge> _merges;
    private readonly bool _startsAnewAtSpaceMarks;
    private readonly ConcurrentDictionary<string, int[]> _cache = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, int[]>.AlternateLookup<ReadOnlySpan<char>> _cached;
    private int _cacheCount;

    /// <summary>An encoder of a model.</summary>
    /// <param name="model">Vocabulary and merges.</param>
    /// <param name="isByteLevel">Whether the vocabulary is written in <see cref="ByteLevelAlphabet"/>.</param>
    public BytePairEncoder(TokenizerModel model, bool isByteLevel)
    {
        (_model, _isByteLevel, _cached) = (model, isByteLevel, _cache.GetAlternateLookup<ReadOnlySpan<char>>());
        _byteIds = [.. Enumerable.Range(0, 256).Select(b => model.Vocabulary.GetValueOrDefault(NameOfByte((byte)b, isByteLevel), Unknown))];
        foreach (var (token, id) in model.Vocabulary)
        {
            if (Rune.DecodeFromUtf16(token, out var rune, out var length) == 0 && length == token.Length)
            {
                _characterIds[rune.Value] = id;
            }
        }

        _merges = new(model.Merges.Count);
        foreach (var (rank, (left, right)) in model.Merges.Index())
        {
            _merges[Key(model.Vocabulary[left], model.Vocabulary[right])] = new Merge(rank, model.Vocabulary[left + right]);
        }

        _startsAnewAtSpaceMarks = !isByteLevel && !model.IgnoreMerges && _characterIds.ContainsKey(SpaceMark)
            && !model.Merges.Any(m => FindNewStart(m.Left + m.Right) > 0);
    }

    /// <summary>Appends the ids of a piece; nothing is merged with its neighbours.</summary>
    public void Encode(ReadOnlySpan<char> piece, List<int> ids)
    {
        // Merges that never reach over the beginning of a word leave words for pieces, and those repeat.
        for (var next = _startsAnewAtSpaceMarks ? FindNewStart(piece) : 0; next > 0; next = FindNewStart(piece))
        {
            EncodeCached(piece[..next], ids);
            piece = piece[next..];
        }

        EncodeCached(piece, ids);
    }

    /// <summary>The index of the first character that the model would drop; -1 when it knows all.</summary>
    public int FindUnknown(ReadOnlySpan<char> text)
    {
        if (_model.UnknownId is not null || (_isByteLevel && Array.IndexOf(_byteIds, Unknown) < 0))
        {
            return -1;
        }

        var index = 0;
        foreach (var rune in text.EnumerateRunes())
        {
            if (!Knows(rune))
            {
                return index;
            }

            index += rune.Utf16SequenceLength;
        }

        return -1;
    }

    /// <summary>Whether a character has ids of its own.</summary>
    public bool Knows(Rune rune)
    {
        Span<byte> utf8 = stackalloc byte[4];
        return (!_isByteLevel && _characterIds.ContainsKey(rune.Value))
            || ((_isByteLevel || _model.ByteFallback) && HasBytes(utf8[..rune.EncodeToUtf8(utf8)]));
    }

    // Where a word begins after something else: a space mark, and no space mark before it.
    private static int FindNewStart(ReadOnlySpan<char> text)
    {
        for (var i = 1; i < text.Length; i++)
        {
            if (text[i] == SpaceMark && text[i - 1] != SpaceMark)
            {
                return i;
            }
        }

        return 0;
    }

    private static string NameOfByte(byte value, bool isByteLevel) => isByteLevel ? ByteLevelAlphabet.ToSymbol(value).ToString() : $"<0x{value:X2}>";

    // Both ids in one number, multiplied by an odd constant so that pairs of near ids fall into different buckets.
    private static ulong Key(int left, int right) => (((ulong)(uint)left << 32) | (uint)right) * 0x9E3779B97F4A7C15;

    private bool HasBytes(ReadOnlySpan<byte> bytes)
    {
        foreach (var value in bytes)
        {
            if (_byteIds[value] == Unknown)
            {
                return false;
            }
        }

        return true;
    }

    private void EncodeCached(ReadOnlySpan<char> piece, List<int> ids)
    {
        if (_cached.TryGetValue(piece, out var known))
        {
            ids.AddRange(known);
            return;
        }

        var start = ids.Count;
        if (_model.IgnoreMerges && FindWhole(piece) is { } whole)
        {
            ids.Add(whole);
        }
        else
        {
            var symbols = _isByteLevel ? ToByteIds(piece) : ToCharacterIds(piece);
            ids.AddRange(symbols.AsSpan(0, MergeAll(symbols)));
        }

        if (piece.Length <= MaxCachedLength && _cacheCount < MaxCachedPieces && _cached.TryAdd(piece, [.. ids[start..]]))
        {
            Interlocked.Increment(ref _cacheCount);
        }
    }

    private int? FindWhole(ReadOnlySpan<char> piece)
    {
        var token = _isByteLevel ? ByteLevelAlphabet.Encode(piece) : piece.ToString();
        return _model.Vocabulary.TryGetValue(token, out var id) ? id : null;
    }

    private int[] ToByteIds(ReadOnlySpan<char> piece)
    {
        var bytes = new byte[Encoding.UTF8.GetByteCount(piece)];
        Encoding.UTF8.GetBytes(piece, bytes);
        var ids = new List<int>(bytes.Length);
        var unknown = new UnknownRun(_model, ids);
        foreach (var value in bytes)
        {
            if (_byteIds[value] == Unknown)
            {
                unknown.Add();
            }
            else
            {
                unknown.End();
                ids.Add(_byteIds[value]);
            }
        }

        unknown.End();
        return [.. ids];
    }

    private int[] ToCharacterIds(ReadOnlySpan<char> piece)
    {
        var ids = new List<int>(piece.Length);
        var unknown = new UnknownRun(_model, ids);
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in piece.EnumerateRunes())
        {
            if (_characterIds.TryGetValue(rune.Value, out var id))
            {
                unknown.End();
                ids.Add(id);
                continue;
            }

            var bytes = utf8[..rune.EncodeToUtf8(utf8)];
            if (!_model.ByteFallback || !HasBytes(bytes))
            {
                unknown.Add();
                continue;
            }

            // As in Hugging Face's model, bytes do not end a run of unknown characters.
            foreach (var value in bytes)
            {
                ids.Add(_byteIds[value]);
            }
        }

        unknown.End();
        return [.. ids];
    }

    // Merges in place; the ids are then the first ones, as many as the result says.
    private int MergeAll(int[] ids)
    {
        if (ids.Length < 2)
        {
            return ids.Length;
        }

        const int Merged = -2;
        var (previous, next) = (new int[ids.Length], new int[ids.Length]);
        var queue = new PriorityQueue<(int Position, int Id), long>(ids.Length);
        void Offer(int left, int right)
        {
            if (left >= 0 && right < ids.Length && _merges.TryGetValue(Key(ids[left], ids[right]), out var merge))
            {
                // The lowest rank first, of equal ones the leftmost.
                queue.Enqueue((left, merge.Id), ((long)merge.Rank << 32) | (uint)left);
            }
        }

        for (var i = 0; i < ids.Length; i++)
        {
            (previous[i], next[i]) = (i - 1, i + 1);
            Offer(i, i + 1);
        }

        while (queue.TryDequeue(out var top, out _))
        {
            var (left, right) = (top.Position, next[top.Position]);
            var isStale = ids[left] == Merged || right >= ids.Length
                || !_merges.TryGetValue(Key(ids[left], ids[right]), out var merge) || merge.Id != top.Id;
            if (isStale)
            {
                continue;
            }

            (ids[left], ids[right], next[left]) = (top.Id, Merged, next[right]);
            if (next[left] < ids.Length)
            {
                previous[next[left]] = left;
            }

            Offer(previous[left], left);
            Offer(left, next[left]);
        }

        var count = 0;
        foreach (var id in ids)
        {
            if (id != Merged)
            {
                ids[count++] = id;
            }
        }

        return count;
    }

    private readonly record struct Merge(int Rank, int Id);

    /// <summary>Characters without an id: each is the unknown token, or all in a row are one; without such a token they vanish.</summary>
    private struct UnknownRun(TokenizerModel model, List<int> ids)
    {
        private bool _isOpen;

        public void Add()
        {
            if (!model.FuseUnknown)
            {
                End();
            }

            _isOpen = model.UnknownId is not null;
        }

        public void End()
        {
            if (_isOpen)
            {
                ids.Add(model.UnknownId!.Value);
                _isOpen = false;
            }
        }
    }
}
