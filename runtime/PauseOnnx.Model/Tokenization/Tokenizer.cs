using System.Text;

namespace PauseOnnx.Model;

/// <summary>
/// BPE as Hugging Face's tokenizer.json describes it, over bytes or over characters: text to ids and back. Pauses are not
/// its business: it knows the id of <c>&lt;pause&gt;</c>, and the graph and the trainer put them in.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class Tokenizer
{
    private readonly TokenizerPipeline _pipeline;
    private readonly BytePairEncoder _encoder;
    private readonly AddedTokenMatcher _addedTokens;
    private readonly AddedTokenMatcher _normalizedTokens;
    private readonly TokenText?[] _texts;

    private Tokenizer(TokenizerJson json, TokenizerConfigJson config)
    {
        _pipeline = json.Pipeline;
        _encoder = new BytePairEncoder(json.Model, json.Pipeline.IsByteLevel);

        // Where two are written alike, the special one counts.
        AddedToken[] tokens = [.. json.AddedTokens.OrderBy(t => !t.IsSpecial)];
        _addedTokens = new AddedTokenMatcher(tokens.Where(t => !t.IsNormalized).Select(t => (t.Content, t)));
        _normalizedTokens = new AddedTokenMatcher(tokens.Where(t => t.IsNormalized).Select(t => (Normalize(t.Content), t)));
        _texts = ReadTexts(json);
        (PauseId, EosId, PadId) = (json.PauseId, config.EosId, config.PadId);
    }

    /// <summary>
    /// One more than the highest id, <c>&lt;pause&gt;</c> and the other special tokens included. Ids below it may have no
    /// token, as where a model has more embeddings than its tokenizer has tokens; they decode to nothing.
    /// </summary>
    public int VocabSize => _texts.Length;

    /// <summary>Id of <c>&lt;pause&gt;</c>, always the last one; null for a tokenizer without it.</summary>
    public int? PauseId { get; }

    /// <summary>Id that ends a text; null when tokenizer_config.json names none.</summary>
    public int? EosId { get; }

    /// <summary>Id that fills the left of shorter prompts in a batch; null when tokenizer_config.json names none.</summary>
    public int? PadId { get; }

    /// <summary>Reads tokenizer.json, or a SentencePiece tokenizer.model where there is none, and tokenizer_config.json.</summary>
    /// <param name="folder">A checkpoint, data or exported model folder.</param>
    /// <exception cref="ModelFormatException">
    /// A file is not valid, or describes a tokenizer of a kind that is not supported; every fault is listed.
    /// </exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Tokenizer Load(string folder)
    {
        var source = TokenizerSource.Read(folder);
        var json = TokenizerJson.Read(source.Tokenizer, source.TokenizerFile);
        return new Tokenizer(json, TokenizerConfigJson.Read(source.Config, source.ConfigFile, json));
    }

    /// <summary>The ids of a text. Special tokens written out in it become their ids.</summary>
    /// <param name="text">The text; half surrogate pairs count as U+FFFD.</param>
    /// <param name="addSpecialTokens">
    /// Whether the tokens that the tokenizer puts at the ends of a text are added, such as Llama's beginning of text: right
    /// for a prompt, and wrong for what continues one.
    /// </param>
    /// <exception cref="FormatException">The vocabulary lacks a character of the text.</exception>
    public int[] Encode(string text, bool addSpecialTokens = false) => Encode(text, withSpecial: true, addSpecialTokens);

    /// <summary>The ids of a text in which special tokens are text like any other, such as a training corpus; nothing is added at its ends.</summary>
    /// <exception cref="FormatException">The vocabulary lacks a character of the text.</exception>
    public int[] EncodeOrdinary(string text) => Encode(text, withSpecial: false, addEnds: false);

    /// <summary>The text of ids. Special tokens are skipped; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var (decoder, text) = (new StreamingDecoder(this, _pipeline.Decoding, holdsRuns: true), new StringBuilder());
        foreach (var id in ids)
        {
            text.Append(decoder.Append(id));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>A decoder for one sequence whose ids arrive one by one.</summary>
    public StreamingDecoder CreateDecoder() => new(this, _pipeline.Decoding, holdsRuns: false);

    /// <summary>What an id stands for; null for special tokens and ids without a token.</summary>
    internal TokenText? TextOf(int id) => (uint)id < (uint)_texts.Length
        ? _texts[id]
        : throw new ArgumentOutOfRangeException(nameof(id), id, $"The id is not in the vocabulary; expected 0 to {_texts.Length - 1}.");

    private static TokenText?[] ReadTexts(TokenizerJson json)
    {
        var texts = new TokenText?[json.VocabSize];
        foreach (var (token, id) in json.Model.Vocabulary)
        {
            texts[id] = json.Pipeline.Decoding.Read(token);
        }

        foreach (var token in json.AddedTokens)
        {
            texts[token.Id] = token.IsSpecial ? null : json.Pipeline.Decoding.Read(token.Content);
        }

        return texts;
    }

    private int[] Encode(string text, bool withSpecial, bool addEnds)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>();
        ids.AddRange(addEnds ? _pipeline.Before : []);
        var whole = ReplaceHalfPairs(text);
        foreach (var part in _addedTokens.Split(whole, withSpecial))
        {
            if (part.Id is { } id)
            {
                ids.Add(id);
            }
            else
            {
                EncodeNormalized(whole, part, withSpecial, ids);
            }
        }

        ids.AddRange(addEnds ? _pipeline.After : []);
        return [.. ids];
    }

    private void EncodeNormalized(string whole, TextPart part, bool withSpecial, List<int> ids)
    {
        var normalized = Normalize(Cut(whole, part));
        foreach (var finer in _normalizedTokens.Split(normalized, withSpecial))
        {
            if (finer.Id is { } id)
            {
                ids.Add(id);
                continue;
            }

            var text = _pipeline.Spaces.Apply(Cut(normalized, finer), isFirst: part.Start + finer.Start == 0);
            CheckKnown(text, part.Start + finer.Start);
            foreach (var piece in _pipeline.PreTokenizer.Split(text))
            {
                _encoder.Encode(text.AsSpan(piece), ids);
            }
        }
    }

    private string Normalize(string text) => _pipeline.Normalizer.Aggregate(text, (t, step) => step(t));

    private static string Cut(string text, TextPart part) => part.Start == 0 && part.End == text.Length ? text : text[part.Start..part.End];

    private static string ReplaceHalfPairs(string text) =>
        text.AsSpan().ContainsAnyInRange('\ud800', '\udfff') ? string.Concat(text.EnumerateRunes().Select(r => r.ToString())) : text;

    private void CheckKnown(string text, int start)
    {
        var index = _encoder.FindUnknown(text);
        if (index < 0)
        {
            return;
        }

        var known = Enumerable.Range(' ', '~' - ' ' + 1).Where(c => _encoder.Knows(new Rune(c))).Select(c => (char)c).ToArray();
        string[] parts = [string.Concat(known.Where(c => c != ' ')), known.Contains(' ') ? "the space" : ""];
        var knows = string.Join(" and ", parts.Where(p => p.Length > 0).DefaultIfEmpty("none of ASCII"));
        throw new FormatException($"Character {Show(Rune.GetRuneAt(text, index))} at index {start + index} is not in the tokenizer's vocabulary; it knows {knows}.");
    }

    private static string Show(Rune rune) => Rune.IsControl(rune) || Rune.IsWhiteSpace(rune) ? $"U+{rune.Value:X4}" : $"'{rune}' (U+{rune.Value:X4})";
}
