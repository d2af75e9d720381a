using System.Text.Json;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>Defaults of generation that travel with a model: Hugging Face's generation_config.json.</summary>
public sealed record GenerationConfig
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Ids that end a sequence; empty when there is none.</summary>
    public IReadOnlyList<int> EosTokenIds { get; init; } = [];

    /// <summary>Id that fills the left of shorter prompts in a batch; null when there is none.</summary>
    public int? PadTokenId { get; init; }

    /// <summary>Longest answer, in tokens; null for the host's own default.</summary>
    public int? MaxNewTokens { get; init; }

    /// <summary>Whether to sample rather than take the most likely token.</summary>
    public bool DoSample { get; init; }

    /// <summary>Divides the logits before sampling.</summary>
    public double Temperature { get; init; } = 1;

    /// <summary>Sample among this many most likely tokens; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Sample among the most likely tokens that together have this probability, 0-1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Reads a generation_config.json; a missing file gives the defaults.</summary>
    /// <exception cref="ModelFormatException">The file is not valid.</exception>
    public static GenerationConfig Read(string file)
    {
        if (!File.Exists(file))
        {
            return new GenerationConfig();
        }

        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(file), "", faults);
        var config = Read(fields);
        ModelFormatException.ThrowIfAny(faults, file);
        return config;
    }

    /// <summary>Reads the same keys from an object inside another file.</summary>
    public static GenerationConfig Read(JsonFields fields) => new()
    {
        EosTokenIds = fields.IntList("eos_token_id"),
        PadTokenId = fields.Has("pad_token_id") ? fields.WholeNumber("pad_token_id") : null,
        MaxNewTokens = fields.Has("max_new_tokens") ? fields.WholeNumber("max_new_tokens", min: 1) : null,
        DoSample = fields.Flag("do_sample", false),
        Temperature = fields.Number("temperature", 1),
        TopK = fields.WholeNumber("top_k", 0),
        TopP = fields.Number("top_p", 1, max: 1),
    };

    /// <summary>Writes a generation_config.json.</summary>
    public void Write(string file)
    {
        var json = new JsonObject { ["do_sample"] = DoSample };
        if (EosTokenIds.Count > 0)
        {
            json["eos_token_id"] = EosTokenIds.Count == 1 ? EosTokenIds[0] : new JsonArray([.. EosTokenIds.Select(i => (JsonNode)i)]);
        }

        if (PadTokenId is { } pad)
        {
            json["pad_token_id"] = pad;
        }

        if (MaxNewTokens is { } max)
        {
            json["max_new_tokens"] = max;
        }

        if (DoSample)
        {
            json["temperature"] = Temperature;
            json["top_k"] = TopK;
            json["top_p"] = TopP;
        }

        File.WriteAllText(file, json.ToJsonString(Indented) + "\n");
    }
}
