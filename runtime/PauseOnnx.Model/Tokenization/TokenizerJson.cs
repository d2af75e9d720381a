using System.Text.Json;

namespace PauseOnnx.Model;

/// <summary>A checked tokenizer.json of the one kind that is supported: BPE, over bytes or over characters.</summary>
/// <param name="Model">Vocabulary and merges.</param>
/// <param name="Pipeline">The stages around the model.</param>
/// <param name="AddedTokens">Tokens matched before BPE.</param>
/// <param name="VocabSize">One more than the highest id; there may be ids without a token below it.</param>
/// <param name="PauseId">The highest id if that is <c>&lt;pause&gt;</c>, else null.</param>
internal sealed record TokenizerJson(
    TokenizerModel Model, TokenizerPipeline Pipeline, IReadOnlyList<AddedToken> AddedTokens, int VocabSize, int? PauseId)
{
    /// <summary>How the pause token is written.</summary>
    public const string PauseToken = "<pause>";

    // Far above any model's; it keeps a wrong id from taking all memory.
    private const int MaxVocabSize = 1 << 24;

    /// <summary>The id of a token, ordinary or added; null when there is none.</summary>
    public int? Find(string token) =>
        AddedTokens.FirstOrDefault(t => t.Content == token)?.Id ?? (Model.Vocabulary.TryGetValue(token, out var id) ? id : null);

    /// <summary>Reads and checks the content of a file.</summary>
    /// <param name="content">Of a tokenizer.json.</param>
    /// <param name="file">Where it is from, for messages.</param>
    /// <exception cref="ModelFormatException">It is not a tokenizer.json, or of another kind; every fault is listed.</exception>
    public static TokenizerJson Read(byte[] content, string file)
    {
        var faults = new List<string>();
        var root = new JsonFields(JsonFields.ParseObject(content, file), "", faults);
        var model = root.Nested("model");
        if (model is null && faults.Count == 0)
        {
            faults.Add("'model' is missing; expected an object with vocab and merges");
        }

        // The fields of another kind of model would only be misread.
        model?.Text("type", "BPE", ["BPE"]);
        ModelFormatException.ThrowIfAny(faults, file);

        var pipeline = TokenizerPipeline.Read(root, faults);
        var vocabulary = ReadVocabulary(model!, faults);
        var merges = ReadMerges(model!, vocabulary, faults);
        var added = ReadAddedTokens(root, vocabulary, faults);
        var settings = ReadSettings(model!, new TokenizerModel(vocabulary, merges), pipeline.IsByteLevel);
        var vocabSize = CheckIds(vocabulary, added, pipeline, faults);
        var pauseId = added.FirstOrDefault(t => t.Content == PauseToken)?.Id;
        if (pauseId is not null && pauseId != vocabSize - 1)
        {
            faults.Add($"'{PauseToken}' has id {pauseId}; expected the last one, {vocabSize - 1}");
        }

        ModelFormatException.ThrowIfAny(faults, file);
        return new TokenizerJson(settings, pipeline, added, vocabSize, pauseId);
    }

    private static TokenizerModel ReadSettings(JsonFields fields, TokenizerModel model, bool isByteLevel)
    {
        foreach (var affix in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            fields.Text(affix, "", [""]);
        }

        fields.Number("dropout", 0, max: 0);
        var byteFallback = fields.Flag("byte_fallback", false);
        if (byteFallback && isByteLevel)
        {
            fields.Fault("'model.byte_fallback' is true; expected false, as every byte is a character of the byte-level alphabet");
        }

        var unknown = fields.Text("unk_token", "");
        int? unknownId = model.Vocabulary.TryGetValue(unknown, out var id) ? id : null;
        if (unknownId is null && unknown.Length > 0)
        {
            fields.Fault($"'model.unk_token' is '{unknown}'; expected a token of the vocabulary");
        }

        return model with
        {
            IgnoreMerges = fields.Flag("ignore_merges", false),
            ByteFallback = byteFallback,
            FuseUnknown = fields.Flag("fuse_unk", false),
            UnknownId = unknownId,
        };
    }

    private static Dictionary<string, int> ReadVocabulary(JsonFields model, List<string> faults)
    {
        var vocabulary = new Dictionary<string, int>();
        if (model.Raw("vocab") is not { ValueKind: JsonValueKind.Object } json || !json.EnumerateObject().Any())
        {
            faults.Add("'model.vocab' is not an object of tokens and ids; expected at least one token");
            return vocabulary;
        }

        foreach (var property in json.EnumerateObject())
        {
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out var id) || id is < 0 or >= MaxVocabSize)
            {
                faults.Add($"Token '{property.Name}' has id {JsonFields.Describe(property.Value)}; expected an integer from 0 to {MaxVocabSize - 1}");
            }
            else if (!vocabulary.TryAdd(property.Name, id))
            {
                faults.Add($"Token '{property.Name}' is in the vocabulary twice; expected once");
            }
        }

        return vocabulary;
    }

    private static List<(string Left, string Right)> ReadMerges(JsonFields model, Dictionary<string, int> vocabulary, List<string> faults)
    {
        var merges = new List<(string Left, string Right)>();
        var seen = new HashSet<(string Left, string Right)>();
        if (vocabulary.Count == 0 || model.Raw("merges") is not { } json)
        {
            return merges;
        }

        if (json.ValueKind != JsonValueKind.Array)
        {
            faults.Add($"'model.merges' is a JSON {json.ValueKind}; expected a list of pairs");
            return merges;
        }

        // A list that was once a file of its own may begin with that file's heading.
        var items = json.EnumerateArray().SkipWhile(m => m.ValueKind == JsonValueKind.String && m.GetString()!.StartsWith("#version", StringComparison.Ordinal));
        foreach (var (rank, item) in items.Index())
        {
            if (ReadMerge(item) is not { } merge)
            {
                faults.Add($"Merge {rank} is {JsonFields.Describe(item)}; expected 'left right' or ['left', 'right']");
            }
            else if (FindMissing(merge, vocabulary) is { } missing)
            {
                faults.Add($"Merge {rank} of '{merge.Left}' and '{merge.Right}' needs '{missing}', which is not in the vocabulary");
            }
            else if (!seen.Add(merge))
            {
                faults.Add($"Merge {rank} of '{merge.Left}' and '{merge.Right}' is listed twice; expected once");
            }
            else
            {
                merges.Add(merge);
            }
        }

        return merges;
    }

    private static (string Left, string Right)? ReadMerge(JsonElement json)
    {
        string[] parts = json.ValueKind switch
        {
            JsonValueKind.String => json.GetString()!.Split(' '),
            JsonValueKind.Array => [.. json.EnumerateArray().Select(p => p.ValueKind == JsonValueKind.String ? p.GetString()! : "")],
            _ => [],
        };
        return parts is [{ Length: > 0 } left, { Length: > 0 } right] ? (left, right) : null;
    }

    private static string? FindMissing((string Left, string Right) merge, Dictionary<string, int> vocabulary)
    {
        var merged = merge.Left + merge.Right;
        return !vocabulary.ContainsKey(merge.Left) ? merge.Left
            : !vocabulary.ContainsKey(merge.Right) ? merge.Right
            : !vocabulary.ContainsKey(merged) ? merged
            : null;
    }

    private static List<AddedToken> ReadAddedTokens(JsonFields root, Dictionary<string, int> vocabulary, List<string> faults)
    {
        var tokens = new List<AddedToken>();
        if (root.Raw("added_tokens") is not { } json)
        {
            return tokens;
        }

        if (json.ValueKind != JsonValueKind.Array || json.EnumerateArray().Any(t => t.ValueKind != JsonValueKind.Object))
        {
            faults.Add("'added_tokens' is not a list of objects");
            return tokens;
        }

        var names = new Dictionary<int, string>(vocabulary.Count);
        foreach (var (name, id) in vocabulary)
        {
            names.TryAdd(id, name);
        }

        foreach (var (index, item) in json.EnumerateArray().Index())
        {
            var fields = new JsonFields(item, $"added_tokens[{index}].", faults);
            var token = new AddedToken(fields.WholeNumber("id", max: MaxVocabSize - 1), fields.Text("content"), fields.Flag("special", false))
            {
                IsNormalized = fields.Flag("normalized", false),
                StripsLeft = fields.Flag("lstrip", false),
                StripsRight = fields.Flag("rstrip", false),
                IsSingleWord = fields.Flag("single_word", false),
            };

            var other = names.TryAdd(token.Id, token.Content) ? token.Content : names[token.Id];
            if (token.Content.Length == 0 || other != token.Content)
            {
                faults.Add($"Added token '{token.Content}' has id {token.Id}, which is also '{other}'; expected a name and an id of its own");
            }
            else if (tokens.Exists(t => t.Content == token.Content) || (vocabulary.TryGetValue(token.Content, out var id) && id != token.Id))
            {
                faults.Add($"Added token '{token.Content}' has two ids; expected one");
            }
            else
            {
                tokens.Add(token);
            }
        }

        return tokens;
    }

    private static int CheckIds(Dictionary<string, int> vocabulary, List<AddedToken> added, TokenizerPipeline pipeline, List<string> faults)
    {
        // A group for each of many thousand ids is dear, and almost always alone.
        var isShared = vocabulary.Values.ToHashSet().Count < vocabulary.Count;
        var shared = isShared ? vocabulary.GroupBy(t => t.Value).Where(g => g.Count() > 1) : [];
        faults.AddRange(shared.Select(g => $"Id {g.Key} is given to '{string.Join("' and '", g.Select(t => t.Key))}'; expected one token"));
        var size = 1 + vocabulary.Values.Concat(added.Select(t => t.Id)).DefaultIfEmpty(-1).Max();
        var outside = pipeline.Before.Concat(pipeline.After).Where(id => id >= size);
        faults.AddRange(outside.Select(id => $"'post_processor' puts id {id} at the ends of a text; expected 0 to {size - 1}"));
        return size;
    }
}
