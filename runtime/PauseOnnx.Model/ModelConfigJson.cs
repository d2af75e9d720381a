using System.Text.Json;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>
/// Hugging Face's config.json to <see cref="ModelConfig"/> and back. Keys that do not change the computation are ignored;
/// keys that would change it in a way PauseOnnx does not implement are refused.
/// </summary>
public static class ModelConfigJson
{
    private static readonly Dictionary<string, Activation> Activations = new()
    {
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["gelu"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
    };

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
        var config = fields.Text("model_type", null, ["llama", "gpt2"]) == "gpt2" ? ReadGpt2(fields) : ReadLlama(fields);
        config = config with { Pause = ReadPause(fields) };
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
        var json = config.Family == ModelFamily.Gpt2 ? WriteGpt2(config) : WriteLlama(config);
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
        }

        foreach (var (key, value) in extra ?? [])
        {
            json[key] = value?.DeepClone();
        }

        File.WriteAllText(file, json.ToJsonString(Indented) + "\n");
    }

    private static ModelConfig ReadLlama(JsonFields fields)
    {
        var hiddenSize = fields.WholeNumber("hidden_size", min: 1);
        var heads = fields.WholeNumber("num_attention_heads", min: 1);
        if (fields.Raw("rope_scaling") is { } scaling && !IsDefaultRope(scaling))
        {
            fields.Fault($"'rope_scaling' is {JsonFields.Describe(scaling)}; expected null");
        }

        // From transformers 5 on, rope_theta is in here.
        var rope = fields.Nested("rope_parameters");
        rope?.Text("rope_type", "default", ["default"]);
        foreach (var bias in new[] { "attention_bias", "mlp_bias" })
        {
            if (fields.Flag(bias, false))
            {
                fields.Fault($"'{bias}' is true; expected false for the llama family");
            }
        }

        return new ModelConfig
        {
            Family = ModelFamily.Llama,
            VocabSize = fields.WholeNumber("vocab_size", min: 1),
            HiddenSize = hiddenSize,
            NumHiddenLayers = fields.WholeNumber("num_hidden_layers", min: 1),
            NumAttentionHeads = heads,
            NumKeyValueHeads = fields.WholeNumber("num_key_value_heads", heads, min: 1),
            HeadDim = fields.WholeNumber("head_dim", Math.Max(1, hiddenSize / heads), min: 1),
            IntermediateSize = fields.WholeNumber("intermediate_size", min: 1),
            MaxPositionEmbeddings = fields.WholeNumber("max_position_embeddings", 2048, min: 1),
            HiddenAct = ReadActivation(fields, "hidden_act", "silu"),
            NormEps = fields.Number("rms_norm_eps", 1e-6),
            RopeTheta = (rope ?? fields).Number("rope_theta", 10000, min: 1),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", false),
        };
    }

    private static ModelConfig ReadGpt2(JsonFields fields)
    {
        var hiddenSize = fields.WholeNumber("n_embd", 768, min: 1);
        var heads = fields.WholeNumber("n_head", 12, min: 1);
        if (!fields.Flag("scale_attn_weights", true) || fields.Flag("scale_attn_by_inverse_layer_idx", false))
        {
            fields.Fault("Attention is scaled otherwise than by 1/sqrt(head width); expected scale_attn_weights true and scale_attn_by_inverse_layer_idx false");
        }

        return new ModelConfig
        {
            Family = ModelFamily.Gpt2,
            VocabSize = fields.WholeNumber("vocab_size", min: 1),
            HiddenSize = hiddenSize,
            NumHiddenLayers = fields.WholeNumber("n_layer", 12, min: 1),
            NumAttentionHeads = heads,
            NumKeyValueHeads = heads,
            HeadDim = Math.Max(1, hiddenSize / heads),
            IntermediateSize = fields.WholeNumber("n_inner", 4 * hiddenSize, min: 1),
            MaxPositionEmbeddings = fields.WholeNumber("n_positions", 1024, min: 1),
            HiddenAct = ReadActivation(fields, "activation_function", "gelu_new"),
            NormEps = fields.Number("layer_norm_epsilon", 1e-5),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", true),
        };
    }

    private static PauseConfig? ReadPause(JsonFields fields)
    {
        var count = fields.WholeNumber("pause_count", 0);
        var training = fields.Text("pause_training", "untrained", PauseConfig.Trainings);
        if (fields.Has("pause_token_id"))
        {
            return new PauseConfig { TokenId = fields.WholeNumber("pause_token_id"), Count = count, Training = training };
        }

        if (count > 0)
        {
            fields.Fault($"'pause_count' is {count} but 'pause_token_id' is missing; expected both or neither");
        }

        return null;
    }

    private static Activation ReadActivation(JsonFields fields, string name, string fallback) =>
        Activations.GetValueOrDefault(fields.Text(name, fallback, Activations.Keys));

    // Newer versions of transformers write the default as an object instead of null.
    private static bool IsDefaultRope(JsonElement scaling) =>
        scaling.ValueKind == JsonValueKind.Object && scaling.TryGetProperty("rope_type", out var type)
        && type.ValueKind == JsonValueKind.String && type.GetString() == "default";

    private static JsonObject WriteLlama(ModelConfig config) => new()
    {
        ["architectures"] = new JsonArray("LlamaForCausalLM"),
        ["model_type"] = "llama",
        ["hidden_size"] = config.HiddenSize,
        ["num_hidden_layers"] = config.NumHiddenLayers,
        ["num_attention_heads"] = config.NumAttentionHeads,
        ["num_key_value_heads"] = config.NumKeyValueHeads,
        ["head_dim"] = config.HeadDim,
        ["intermediate_size"] = config.IntermediateSize,
        ["max_position_embeddings"] = config.MaxPositionEmbeddings,
        ["hidden_act"] = ActivationName(config.HiddenAct),
        ["rms_norm_eps"] = config.NormEps,
        ["rope_theta"] = config.RopeTheta,
    };

    private static JsonObject WriteGpt2(ModelConfig config) => new()
    {
        ["architectures"] = new JsonArray("GPT2LMHeadModel"),
        ["model_type"] = "gpt2",
        ["n_embd"] = config.HiddenSize,
        ["n_layer"] = config.NumHiddenLayers,
        ["n_head"] = config.NumAttentionHeads,
        ["n_inner"] = config.IntermediateSize,
        ["n_positions"] = config.MaxPositionEmbeddings,
        ["activation_function"] = ActivationName(config.HiddenAct),
        ["layer_norm_epsilon"] = config.NormEps,
    };

    private static string ActivationName(Activation activation) => Activations.First(a => a.Value == activation).Key;
}
