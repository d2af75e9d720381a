using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>Encodes text and remembers the ids of words, as most of a text is words that came before.</summary>
/// <remarks>For one thread at a time; bounded in memory.</remarks>
internal sealed class CachedEncoder
{
    // Longer ones are rarely seen again.
    private const int MaxWordLength = 32;

    // About 20 MB.
    private const int MaxWords = 1 << 17;

    private readonly Tokenizer _tokenizer;
    private readonly bool _cutsAtSpaces;
    private readonly Dictionary<string, int[]> _words = [];

    /// <summary>An encoder that remembers nothing yet.</summary>
    public CachedEncoder(Tokenizer tokenizer) => (_tokenizer, _cutsAtSpaces) = (tokenizer, CutsAtSpaces(tokenizer));

    /// <summary>Appends the ids of a text, in which special tokens are text like any other.</summary>
    /// <exception cref="FormatException">The vocabulary lacks a character of the text.</exception>
    public void Encode(string text, List<int> ids)
    {
        var first = ids.Count;
        try
        {
            EncodeWords(text, ids);
        }
        catch (FormatException)
        {
            // The text as a whole gives the message with the right place.
            ids.RemoveRange(first, ids.Count - first);
            ids.AddRange(_tokenizer.EncodeOrdinary(text));
        }
    }

    // A tokenizer that puts something before each text, or joins words, shows it here.
    private static bool CutsAtSpaces(Tokenizer tokenizer)
    {
        try
        {
            return tokenizer.EncodeOrdinary("a b. c").SequenceEqual([.. tokenizer.EncodeOrdinary("a"), .. tokenizer.EncodeOrdinary(" b."), .. tokenizer.EncodeOrdinary(" c")]);
        }
        catch (FormatException)
        {
            return false;
        }
    }

    private void EncodeWords(string text, List<int> ids)
    {
        if (!_cutsAtSpaces)
        {
            ids.AddRange(_tokenizer.EncodeOrdinary(text));
            return;
        }

        var words = _words.GetAlternateLookup<ReadOnlySpan<char>>();
        for (var (start, end) = (0, 0); start < text.Length; start = end)
        {
            end = WordCuts.Next(text, start);
            var word = text.AsSpan(start, end - start);
            if (words.TryGetValue(word, out var known))
            {
                ids.AddRange(known);
                continue;
            }

            var found = _tokenizer.EncodeOrdinary(word.ToString());
            ids.AddRange(found);
            if (word.Length <= MaxWordLength)
            {
                Remember(word.ToString(), found);
            }
        }
    }

    private void Remember(string word, int[] ids)
    {
        if (_words.Count == MaxWords)
        {
            _words.Clear();
        }

        _words.Add(word, ids);
    }
}
