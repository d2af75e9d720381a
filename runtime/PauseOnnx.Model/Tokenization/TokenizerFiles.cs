using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>Writes tokenizer.json and tokenizer_config.json, which <see cref="Tokenizer"/> and Hugging Face's tools read.</summary>
public static class TokenizerFiles
{
    /// <summary>The token that ends a text and pads a batch, as in GPT-2.</summary>
    public const string EosToken = "<|endoftext|>";

    internal static readonly JsonSerializerOptions Indented =
        new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// Writes a byte-level BPE tokenizer and appends its two special tokens: <see cref="EosToken"/>, then <c>&lt;pause&gt;</c>
    /// as the last id.
    /// </summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="vocabulary">Tokens in <see cref="ByteLevelAlphabet"/>, ids by position.</param>
    /// <param name="merges">Pairs of tokens in order of rank; empty for a vocabulary of single characters.</param>
    /// <param name="modelMaxLength">Longest sequence of the model in tokens; null when not known.</param>
    /// <exception cref="ArgumentException">The vocabulary is empty or repeats a token, or a merge needs a token it lacks.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    public static void Write(
        string folder, IReadOnlyList<string> vocabulary, IReadOnlyList<(string Left, string Right)> merges, int? modelMaxLength = null)
    {
        Check(vocabulary, merges);
        string[] special = [EosToken, TokenizerJson.PauseToken];
        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. special.Select((token, i) => AddedToken(token, vocabulary.Count + i))]),
            ["normalizer"] = null,
            ["pre_tokenizer"] = ByteLevel(),
            ["post_processor"] = null,
            ["decoder"] = ByteLevel(),
            ["model"] = Model(vocabulary.Concat(special), merges),
        };
        var config = new JsonObject
        {
            ["tokenizer_class"] = "PreTrainedTokenizerFast",
            ["eos_token"] = EosToken,
            ["pad_token"] = EosToken,
            ["padding_side"] = "left",
            ["clean_up_tokenization_spaces"] = false,
        };
        if (modelMaxLength is { } length)
        {
            config["model_max_length"] = length;
        }

        File.WriteAllText(Path.Combine(folder, FileNames.Tokenizer), tokenizer.ToJsonString(Indented) + "\n");
        File.WriteAllText(Path.Combine(folder, FileNames.TokenizerConfig), config.ToJsonString(Indented) + "\n");
    }

    /// <summary>Copies the files of a tokenizer, and its chat template where that is a file of its own; a SentencePiece model is written as the tokenizer.json that means the same.</summary>
    /// <param name="source">A folder with tokenizer.json and tokenizer_config.json, or with a tokenizer.model.</param>
    /// <param name="folder">An existing folder to write to.</param>
    /// <exception cref="ModelFormatException">The SentencePiece model is not valid, or of another type.</exception>
    /// <exception cref="IOException">A file is missing, or cannot be read or written.</exception>
    public static void Copy(string source, string folder)
    {
        // Bytes, not File.Copy: a copy would inherit the protection of a read-only file.
        var files = TokenizerSource.Read(source);
        File.WriteAllBytes(Path.Combine(folder, FileNames.Tokenizer), files.Tokenizer);
        File.WriteAllBytes(Path.Combine(folder, FileNames.TokenizerConfig), files.Config);
        var template = Path.Combine(source, FileNames.ChatTemplate);
        if (File.Exists(template))
        {
            File.WriteAllBytes(Path.Combine(folder, FileNames.ChatTemplate), File.ReadAllBytes(template));
        }
    }

    /// <summary>
    /// Copies like <see cref="Copy"/> and appends <c>&lt;pause&gt;</c> if it has none: as the id after its last, or, in a
    /// checkpoint, after the last row of the embedding table, which may have more rows than the tokenizer has ids.
    /// </summary>
    /// <param name="source">A folder with tokenizer.json and tokenizer_config.json, or with a tokenizer.model, such as a checkpoint.</param>
    /// <param name="folder">An existing folder to write to.</param>
    /// <exception cref="ModelFormatException">The source is not a tokenizer that <see cref="Tokenizer"/> reads.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static void CopyWithPause(string source, string folder)
    {
        var tokenizer = Tokenizer.Load(source);
        Copy(source, folder);
        if (tokenizer.PauseId is null)
        {
            var pause = AddedToken(TokenizerJson.PauseToken, NextId(source, tokenizer));
            Edit(Path.Combine(folder, FileNames.Tokenizer), json => AppendToTokenizer(json, pause));
            Edit(Path.Combine(folder, FileNames.TokenizerConfig), json => AppendToConfig(json, pause));
        }
    }

    private static int NextId(string source, Tokenizer tokenizer)
    {
        var file = Path.Combine(source, FileNames.Config);
        if (!File.Exists(file))
        {
            return tokenizer.VocabSize;
        }

        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(file), "", faults);
        var rows = fields.WholeNumber("vocab_size", tokenizer.VocabSize, min: tokenizer.VocabSize);
        ModelFormatException.ThrowIfAny(faults, file);
        return rows;
    }

    // Rust's tokenizers take an added token's id from the vocabulary, and where it is not there count on instead of reading
    // it: so every one of them is written there, too.
    private static void AppendToTokenizer(JsonObject json, JsonObject pause)
    {
        var added = json["added_tokens"] as JsonArray ?? [];
        added.Add(pause.DeepClone());
        var vocabulary = json["model"]!["vocab"]!.AsObject();
        foreach (var token in added)
        {
            vocabulary[token!["content"]!.GetValue<string>()] = token["id"]!.DeepClone();
        }

        json["added_tokens"] = added.DeepClone();
    }

    // Newer tokenizers repeat their added tokens here, by id.
    private static void AppendToConfig(JsonObject json, JsonObject pause)
    {
        if (json["added_tokens_decoder"] is JsonObject decoder)
        {
            var token = pause.DeepClone().AsObject();
            token.Remove("id");
            decoder[$"{pause["id"]}"] = token;
        }
    }

    private static void Edit(string file, Action<JsonObject> edit)
    {
        var json = JsonNode.Parse(File.ReadAllBytes(file))!.AsObject();
        edit(json);
        File.WriteAllText(file, json.ToJsonString(Indented) + "\n");
    }

    private static void Check(IReadOnlyList<string> vocabulary, IReadOnlyList<(string Left, string Right)> merges)
    {
        if (vocabulary.Count == 0)
        {
            throw new ArgumentException("The vocabulary is empty; expected at least one token.", nameof(vocabulary));
        }

        var tokens = new HashSet<string> { EosToken, TokenizerJson.PauseToken };
        if (vocabulary.FirstOrDefault(t => t.Length == 0 || !tokens.Add(t)) is { } repeated)
        {
            throw new ArgumentException($"Token '{repeated}' is empty, repeated or special; expected each ordinary token once.", nameof(vocabulary));
        }

        foreach (var (left, right) in merges)
        {
            if (new[] { left, right, left + right }.FirstOrDefault(t => !tokens.Contains(t)) is { } missing)
            {
                throw new ArgumentException($"The merge of '{left}' and '{right}' needs '{missing}', which is not in the vocabulary.", nameof(merges));
            }
        }
    }

    /// <summary>The model of a tokenizer.json; ids by position.</summary>
    internal static JsonObject Model(IEnumerable<string> vocabulary, IEnumerable<(string Left, string Right)> merges) => new()
    {
        ["type"] = "BPE",
        ["dropout"] = null,
        ["unk_token"] = null,
        ["continuing_subword_prefix"] = null,
        ["end_of_word_suffix"] = null,
        ["fuse_unk"] = false,
        ["byte_fallback"] = false,
        ["ignore_merges"] = false,
        ["vocab"] = new JsonObject(vocabulary.Select((token, id) => KeyValuePair.Create(token, (JsonNode?)id))),
        ["merges"] = new JsonArray([.. merges.Select(m => (JsonNode)$"{m.Left} {m.Right}")]),
    };

    /// <summary>An entry of added_tokens.</summary>
    internal static JsonObject AddedToken(string content, int id, bool isSpecial = true) => new()
    {
        ["id"] = id,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = false,
        ["special"] = isSpecial,
    };

    private static JsonObject ByteLevel() => new()
    {
        ["type"] = "ByteLevel",
        ["add_prefix_space"] = false,
        ["trim_offsets"] = true,
        ["use_regex"] = true,
    };
}
