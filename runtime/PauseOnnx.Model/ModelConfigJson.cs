using System.Text.Json;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>
/// Hugging Face's config.json to <see cref="ModelConfig"/> and back. Keys that do not change the computation are ignored;
/// keys that would change it in a way PauseOnnx does not implement are refused.
/// </summary>
public static class ModelConfigJson
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Reads a config.json.</summary>
    /// <exception cref="ModelFormatException">Values are missing, unknown or contradictory; all of them are listed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ModelConfig Read(string file)
    {
        var faults = new List<string>();
        var config = Read(new JsonFields(JsonFields.ParseObject(file), "", faults), faults);
        ModelFormatException.ThrowIfAny(faults, file);
        return config;
    }

    /// <summary>Reads the fields of a config object, here or inside another file; faults are added to <paramref name="faults"/>.</summary>
    public static ModelConfig Read(JsonFields fields, List<string> faults)
    {
        var before = faults.Count;
        var modelType = fields.Text("model_type", null, [.. ModelConfigFormats.All.Select(f => f.ModelType)]);
        var format = ModelConfigFormats.All.FirstOrDefault(f => f.ModelType == modelType, ModelConfigFormats.All[0]);
        if (fields.Raw("quantization_config") is { } quantization)
        {
            fields.Fault($"'quantization_config' is {JsonFields.Describe(quantization)}; expected weights that are not quantized");
        }

        var config = format.Read(fields) with { Pause = ReadPause(fields) };
        if (faults.Count == before)
        {
            faults.AddRange(config.FindFaults());
        }

        return config;
    }

    /// <summary>Writes a config.json that Hugging Face's tools and <see cref="Read(string)"/> understand.</summary>
    /// <param name="config">What to write.</param>
    /// <param name="file">Where to; overwritten.</param>
    /// <param name="eosTokenId">The id that ends a text, or null.</param>
    /// <param name="extra">Further keys for particular hosts, such as <c>transformers.js_config</c>; null for none.</param>
    public static void Write(ModelConfig config, string file, int? eosTokenId, JsonObject? extra = null)
    {
        var format = FormatOf(config.Family);
        var json = format.Write(config);
        json.Insert(0, "architectures", new JsonArray(format.Architecture));
        json.Insert(1, "model_type", format.ModelType);
        json["vocab_size"] = config.VocabSize;
        json["tie_word_embeddings"] = config.TieWordEmbeddings;
        json["bos_token_id"] = null;
        json["eos_token_id"] = eosTokenId;
        json["torch_dtype"] = "float32";
        if (config.Pause is { } pause)
        {
            json["pause_token_id"] = pause.TokenId;
            json["pause_count"] = pause.Count;
            json["pause_training"] = pause.Training;
            json["pause_position"] = pause.Position == PausePosition.Prepend ? "prepend" : "append";
        }

        foreach (var (key, value) in extra ?? [])
        {
            json[key] = value?.DeepClone();
        }

        File.WriteAllText(file, json.ToJsonString(Indented) + "\n");
    }

    /// <summary>Hugging Face's <c>model_type</c> of a family, such as <c>gpt_neox</c>.</summary>
    public static string ModelTypeOf(ModelFamily family) => FormatOf(family).ModelType;

    private static ModelConfigFormat FormatOf(ModelFamily family) => ModelConfigFormats.All.First(f => f.Family == family);

    private static PauseConfig? ReadPause(JsonFields fields)
    {
        var count = fields.WholeNumber("pause_count", 0);
        var training = fields.Text("pause_training", "untrained", PauseConfig.Trainings);
        var position = Enum.Parse<PausePosition>(fields.Text("pause_position", "append", ["append", "prepend"]), ignoreCase: true);
        if (fields.Has("pause_token_id"))
        {
            return new PauseConfig { TokenId = fields.WholeNumber("pause_token_id"), Count = count, Training = training, Position = position };
        }

        if (count > 0)
        {
            fields.Fault($"'pause_count' is {count} but 'pause_token_id' is missing; expected both or neither");
        }

        return null;
    }
}
