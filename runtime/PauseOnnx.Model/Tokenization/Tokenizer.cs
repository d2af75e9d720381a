using System.Text;
using System.Text.RegularExpressions;
using Microsoft.ML.Tokenizers;

namespace PauseOnnx.Model;

/// <summary>
/// Byte-level BPE as Hugging Face's tokenizer.json describes it: text to ids and back. Pauses are not its business: it
/// knows the id of <c>&lt;pause&gt;</c>, and the graph and the trainer put them in.
/// </summary>
/// <remarks>Thread-safe.</remarks>
public sealed class Tokenizer
{
    private readonly TokenizerJson _json;
    private readonly BpeTokenizer _bpe;
    private readonly Dictionary<string, int> _addedIds;
    private readonly Regex? _addedTokens;
    private readonly Regex? _ordinaryAddedTokens;
    private readonly byte[][] _bytes;
    private readonly bool[]? _knownBytes;

    private Tokenizer(TokenizerJson json, TokenizerConfigJson config)
    {
        _json = json;
        _bpe = BpeTokenizer.Create(new BpeOptions(json.Vocabulary) { Merges = json.Merges.Select(m => $"{m.Left} {m.Right}") });
        _addedIds = json.AddedTokens.ToDictionary(t => t.Content, t => t.Id);

        _addedTokens = CreateMatcher(json.AddedTokens);
        _ordinaryAddedTokens = CreateMatcher(json.AddedTokens.Where(t => !t.IsSpecial));
        _bytes = CreateBytes(json);
        var known = Enumerable.Range(0, 256).Select(b => json.Vocabulary.ContainsKey(ByteLevelAlphabet.ToSymbol((byte)b).ToString())).ToArray();
        _knownBytes = Array.TrueForAll(known, k => k) ? null : known;
        (PauseId, EosId, PadId) = (json.PauseId, config.EosId, config.PadId);
    }

    /// <summary>Number of ids, <c>&lt;pause&gt;</c> and the other special tokens included.</summary>
    public int VocabSize => _bytes.Length;

    /// <summary>Id of <c>&lt;pause&gt;</c>, always the last one; null for a tokenizer without it.</summary>
    public int? PauseId { get; }

    /// <summary>Id that ends a text; null when tokenizer_config.json names none.</summary>
    public int? EosId { get; }

    /// <summary>Id that fills the left of shorter prompts in a batch; null when tokenizer_config.json names none.</summary>
    public int? PadId { get; }

    /// <summary>Reads tokenizer.json and tokenizer_config.json.</summary>
    /// <param name="folder">A checkpoint, data or exported model folder.</param>
    /// <exception cref="ModelFormatException">
    /// A file is not valid, or describes a tokenizer of a kind that is not supported; every fault is listed.
    /// </exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static Tokenizer Load(string folder)
    {
        var file = Path.Combine(folder, FileNames.Tokenizer);
        if (!File.Exists(file))
        {
            throw new FileNotFoundException($"'{file}' is missing; expected a checkpoint, data or exported model folder with a Hugging Face tokenizer.");
        }

        var json = TokenizerJson.Read(file);
        return new Tokenizer(json, TokenizerConfigJson.Read(Path.Combine(folder, FileNames.TokenizerConfig), json));
    }

    /// <summary>The ids of a text. Special tokens written out in it become their ids; nothing is added at its ends.</summary>
    /// <exception cref="FormatException">The vocabulary lacks a character of the text.</exception>
    public int[] Encode(string text) => Encode(text, _addedTokens);

    /// <summary>The ids of a text in which special tokens are text like any other, such as a training corpus.</summary>
    /// <exception cref="FormatException">The vocabulary lacks a character of the text.</exception>
    public int[] EncodeOrdinary(string text) => Encode(text, _ordinaryAddedTokens);

    /// <summary>The text of ids. Special tokens are skipped; bytes that are not UTF-8 become U+FFFD.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is not in the vocabulary.</exception>
    public string Decode(IEnumerable<int> ids)
    {
        ArgumentNullException.ThrowIfNull(ids);
        var (decoder, text) = (CreateDecoder(), new StringBuilder());
        foreach (var id in ids)
        {
            text.Append(decoder.Append(id));
        }

        return text.Append(decoder.Flush()).ToString();
    }

    /// <summary>A decoder for one sequence whose ids arrive one by one.</summary>
    public StreamingDecoder CreateDecoder() => new(this);

    internal ReadOnlySpan<byte> BytesOf(int id) => (uint)id < (uint)_bytes.Length
        ? _bytes[id]
        : throw new ArgumentOutOfRangeException(nameof(id), id, $"The id is not in the vocabulary; expected 0 to {_bytes.Length - 1}.");

    private static Regex? CreateMatcher(IEnumerable<AddedToken> tokens)
    {
        // Alternatives are tried in order: the longest first gives the leftmost longest match, as Hugging Face has it.
        string[] alternatives = [.. tokens.Select(t => t.Content).OrderByDescending(t => t.Length).ThenBy(t => t, StringComparer.Ordinal).Select(Regex.Escape)];
        return alternatives.Length > 0 ? new Regex(string.Join('|', alternatives), RegexOptions.CultureInvariant) : null;
    }

    private static byte[][] CreateBytes(TokenizerJson json)
    {
        var bytes = new byte[json.VocabSize][];
        foreach (var (token, id) in json.Vocabulary)
        {
            bytes[id] = ByteLevelAlphabet.Decode(token);
        }

        foreach (var token in json.AddedTokens)
        {
            bytes[token.Id] = token.IsSpecial ? [] : ByteLevelAlphabet.Decode(token.Content);
        }

        return bytes;
    }

    private int[] Encode(string text, Regex? addedTokens)
    {
        ArgumentNullException.ThrowIfNull(text);
        var ids = new List<int>();
        var start = 0;
        for (var match = addedTokens?.Match(text); match is { Success: true }; match = match.NextMatch())
        {
            EncodeBetween(text, start..match.Index, ids);
            ids.Add(_addedIds[match.Value]);
            start = match.Index + match.Length;
        }

        EncodeBetween(text, start..text.Length, ids);
        return [.. ids];
    }

    private void EncodeBetween(string text, Range range, List<int> ids)
    {
        CheckKnown(text, range);
        var part = text.AsSpan(range);
        foreach (var piece in _json.PreTokenizer.Split(part))
        {
            // Microsoft's library merges; the alphabet is ours, as its own byte level drops unknown characters silently.
            var symbols = ByteLevelAlphabet.Encode(part[piece]);
            if (_json.IgnoreMerges && _json.Vocabulary.TryGetValue(symbols, out var whole))
            {
                ids.Add(whole);
            }
            else
            {
                ids.AddRange(_bpe.EncodeToIds(symbols, considerPreTokenization: false, considerNormalization: false));
            }
        }
    }

    private void CheckKnown(string text, Range range)
    {
        if (_knownBytes is null)
        {
            return;
        }

        var index = range.Start.Value;
        Span<byte> utf8 = stackalloc byte[4];
        foreach (var rune in text.AsSpan(range).EnumerateRunes())
        {
            foreach (var value in utf8[..rune.EncodeToUtf8(utf8)])
            {
                if (!_knownBytes[value])
                {
                    throw new FormatException($"Character {Show(rune)} at index {index} is not in the tokenizer's vocabulary; it knows {DescribeKnown(_knownBytes)}.");
                }
            }

            index += rune.Utf16SequenceLength;
        }
    }

    private static string Show(Rune rune) => Rune.IsControl(rune) || Rune.IsWhiteSpace(rune) ? $"U+{rune.Value:X4}" : $"'{rune}' (U+{rune.Value:X4})";

    private static string DescribeKnown(bool[] known)
    {
        var printable = string.Concat(Enumerable.Range('!', '~' - '!' + 1).Where(b => known[b]).Select(b => (char)b));
        var others = known.Where((k, b) => k && b is < ' ' or > '~').Count();
        string[] parts = [printable, known[' '] ? "the space" : "", others > 0 ? $"{others} other bytes" : ""];
        return string.Join(" and ", parts.Where(p => p.Length > 0).DefaultIfEmpty("no character"));
    }
}
