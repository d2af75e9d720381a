using System.Text.Json;

namespace PauseOnnx.Model;

/// <summary>A token that is matched in text before anything is merged.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">How it is written.</param>
/// <param name="IsSpecial">Whether decoding skips it.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial);

/// <summary>A checked tokenizer.json of the one kind that is supported: byte-level BPE.</summary>
/// <param name="Vocabulary">Tokens in <see cref="ByteLevelAlphabet"/> with their ids; added tokens may or may not be among them.</param>
/// <param name="Merges">Pairs in order of rank.</param>
/// <param name="IgnoreMerges">Whether a piece that is itself a token becomes that token, whatever the merges say.</param>
/// <param name="PreTokenizer">Cuts text into pieces.</param>
/// <param name="AddedTokens">Tokens matched before BPE.</param>
/// <param name="VocabSize">Number of ids; they run from 0 without gaps.</param>
/// <param name="PauseId">The last id if that is <c>&lt;pause&gt;</c>, else null.</param>
internal sealed record TokenizerJson(
    IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<(string Left, string Right)> Merges, bool IgnoreMerges,
    PreTokenizer PreTokenizer, IReadOnlyList<AddedToken> AddedTokens, int VocabSize, int? PauseId)
{
    /// <summary>How the pause token is written.</summary>
    public const string PauseToken = "<pause>";

    private static readonly string[] UnsupportedFlags = ["lstrip", "rstrip", "single_word"];

    /// <summary>The id of a token, ordinary or added; null when there is none.</summary>
    public int? Find(string token) =>
        AddedTokens.FirstOrDefault(t => t.Content == token)?.Id ?? (Vocabulary.TryGetValue(token, out var id) ? id : null);

    /// <summary>Reads and checks a file.</summary>
    /// <exception cref="ModelFormatException">The file is not a tokenizer.json, or of another kind; every fault is listed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TokenizerJson Read(string file)
    {
        var faults = new List<string>();
        var root = new JsonFields(JsonFields.ParseObject(file), "", faults);
        var model = root.Nested("model");
        if (model is null && faults.Count == 0)
        {
            faults.Add("'model' is missing; expected an object with vocab and merges");
        }

        // The fields of another kind of model would only be misread.
        model?.Text("type", "BPE", ["BPE"]);
        ModelFormatException.ThrowIfAny(faults, file);

        CheckModelSettings(model!);
        var preTokenizer = TokenizerPipeline.Read(root);
        var vocabulary = ReadVocabulary(model!, faults);
        var merges = ReadMerges(model!, vocabulary, faults);
        var added = ReadAddedTokens(root, vocabulary, faults);
        var ids = vocabulary.Values.Concat(added.Select(t => t.Id)).ToHashSet();
        CheckIds(ids, vocabulary, faults);
        var pauseId = added.FirstOrDefault(t => t.Content == PauseToken)?.Id;
        if (pauseId is not null && pauseId != ids.Count - 1)
        {
            faults.Add($"'{PauseToken}' has id {pauseId}; expected the last one, {ids.Count - 1}");
        }

        ModelFormatException.ThrowIfAny(faults, file);
        return new TokenizerJson(vocabulary, merges, model!.Flag("ignore_merges", false), preTokenizer!, added, ids.Count, pauseId);
    }

    private static void CheckModelSettings(JsonFields model)
    {
        foreach (var affix in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            model.Text(affix, "", [""]);
        }

        model.Number("dropout", 0, max: 0);
        if (model.Flag("byte_fallback", false))
        {
            model.Fault("'model.byte_fallback' is true; expected false, as every byte is a character of the byte-level alphabet");
        }
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
            if (property.Value.ValueKind != JsonValueKind.Number || !property.Value.TryGetInt32(out var id) || id < 0)
            {
                faults.Add($"Token '{property.Name}' has id {JsonFields.Describe(property.Value)}; expected an integer from 0");
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

        foreach (var (rank, item) in json.EnumerateArray().Index())
        {
            if (ReadMerge(item) is not { } merge)
            {
                faults.Add($"Merge {rank} is {JsonFields.Describe(item)}; expected 'left right' or ['left', 'right']");
            }
            else if (new[] { merge.Left, merge.Right, merge.Left + merge.Right }.FirstOrDefault(t => !vocabulary.ContainsKey(t)) is { } missing)
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

        var names = vocabulary.DistinctBy(t => t.Value).ToDictionary(t => t.Value, t => t.Key);
        foreach (var (index, item) in json.EnumerateArray().Index())
        {
            var fields = new JsonFields(item, $"added_tokens[{index}].", faults);
            var token = new AddedToken(fields.WholeNumber("id"), fields.Text("content"), fields.Flag("special", false));
            foreach (var flag in UnsupportedFlags.Where(f => fields.Flag(f, false)))
            {
                faults.Add($"'added_tokens[{index}].{flag}' of '{token.Content}' is true; expected false");
            }

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

    private static void CheckIds(HashSet<int> ids, Dictionary<string, int> vocabulary, List<string> faults)
    {
        var shared = vocabulary.GroupBy(t => t.Value).Where(g => g.Count() > 1);
        faults.AddRange(shared.Select(g => $"Id {g.Key} is given to '{string.Join("' and '", g.Select(t => t.Key))}'; expected one token"));
        if (faults.Count == 0 && ids.Max() != ids.Count - 1)
        {
            var missing = Enumerable.Range(0, ids.Count).Where(id => !ids.Contains(id)).Take(5);
            faults.Add($"The {ids.Count} ids run up to {ids.Max()}; expected 0 to {ids.Count - 1} without gaps, but {string.Join(", ", missing)} is missing");
        }
    }
}
