using System.Text.Json;

namespace PauseOnnx.Model;

/// <summary>
/// The stages of tokenizer.json around the model: normalizer, pre_tokenizer, post_processor and decoder. Those of
/// byte-level BPE are read; any other would change ids or text and is refused by name.
/// </summary>
internal static class TokenizerPipeline
{
    /// <summary>Checks every stage; faults are added to those of <paramref name="root"/>.</summary>
    /// <returns>The pre-tokenizer; null when a fault was found in it.</returns>
    public static PreTokenizer? Read(JsonFields root)
    {
        if (root.Raw("normalizer") is { } normalizer)
        {
            root.Fault($"'normalizer' is {Kind(normalizer)}; expected null");
        }

        if (root.Nested("decoder") is { } decoder)
        {
            decoder.Text("type", null, ["ByteLevel"]);
        }
        else if (!root.Has("decoder"))
        {
            root.Fault("'decoder' is missing; expected 'ByteLevel'");
        }

        if (root.Raw("post_processor") is { } postProcessor && Kind(postProcessor) is not "'ByteLevel'")
        {
            root.Fault($"'post_processor' is {Kind(postProcessor)}; expected null or 'ByteLevel', which add nothing to a text");
        }

        return ReadPreTokenizer(root);
    }

    private static PreTokenizer? ReadPreTokenizer(JsonFields root)
    {
        var stages = root.Raw("pre_tokenizer") is { } json ? Flatten(json) : [];
        if (stages.Length == 0 || Kind(stages[^1]) != "'ByteLevel'")
        {
            var found = stages.Length == 0 ? "missing" : string.Join(", ", stages.Select(Kind));
            root.Fault($"'pre_tokenizer' is {found}; expected 'ByteLevel', alone or after 'Split' and 'Digits'");
            return null;
        }

        var faults = new List<string>();
        string[] patterns = [.. stages.SelectMany((stage, i) => ReadStage(stage, i == stages.Length - 1, faults))];
        try
        {
            faults.ForEach(root.Fault);
            return faults.Count == 0 ? PreTokenizer.Create(patterns) : null;
        }
        catch (ArgumentException e)
        {
            root.Fault($"'pre_tokenizer' has a regular expression that .NET cannot read: {e.Message}");
            return null;
        }
    }

    private static JsonElement[] Flatten(JsonElement json)
    {
        var isSequence = Kind(json) == "'Sequence'" && json.TryGetProperty("pretokenizers", out var list) && list.ValueKind == JsonValueKind.Array;
        return isSequence ? [.. json.GetProperty("pretokenizers").EnumerateArray()] : [json];
    }

    private static string[] ReadStage(JsonElement json, bool isLast, List<string> faults)
    {
        var kind = Kind(json);
        if (kind is not ("'Split'" or "'Digits'" or "'ByteLevel'") || (kind == "'ByteLevel'" && !isLast))
        {
            faults.Add($"'pre_tokenizer' holds {kind}; expected 'Split' and 'Digits', then one 'ByteLevel'");
            return [];
        }

        var fields = new JsonFields(json, "pre_tokenizer.", faults);
        return kind switch
        {
            "'Split'" => [ReadSplit(fields)],
            "'Digits'" => [fields.Flag("individual_digits", false) ? @"\p{N}" : @"\p{N}+"],
            _ => ReadByteLevel(fields),
        };
    }

    private static string ReadSplit(JsonFields fields)
    {
        fields.Text("behavior", null, ["Isolated"]);
        if (fields.Flag("invert", false))
        {
            fields.Fault("'pre_tokenizer.invert' is true; expected false");
        }

        if (fields.Nested("pattern") is { } pattern)
        {
            return pattern.Text("Regex");
        }

        fields.Fault("'pre_tokenizer.pattern' is not an object; expected {'Regex': '...'}");
        return "";
    }

    private static string[] ReadByteLevel(JsonFields fields)
    {
        if (fields.Flag("add_prefix_space", false))
        {
            fields.Fault("'pre_tokenizer.add_prefix_space' is true; expected false");
        }

        return fields.Flag("use_regex", true) ? [PreTokenizer.Gpt2Pattern] : [];
    }

    private static string Kind(JsonElement json) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String
            ? $"'{type.GetString()}'"
            : $"a JSON {json.ValueKind}";
}
