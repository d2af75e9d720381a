using System.Text.Json;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>How one family's config.json is read and written: its words, and the defaults Hugging Face gives its optional keys.</summary>
/// <param name="Family">The family.</param>
/// <param name="ModelType"><c>model_type</c>.</param>
/// <param name="Architecture">The one entry of <c>architectures</c>.</param>
/// <param name="Read">Reads everything but the keys of pauses.</param>
/// <param name="Write">Writes the keys that are the family's own.</param>
internal sealed record ModelConfigFormat(
    ModelFamily Family, string ModelType, string Architecture, Func<JsonFields, ModelConfig> Read, Func<ModelConfig, JsonObject> Write);

/// <summary>The families' formats. Keys that would change the computation in a way PauseOnnx does not implement are refused.</summary>
internal static class ModelConfigFormats
{
    private static readonly Dictionary<string, Activation> Activations = new()
    {
        ["silu"] = Activation.Silu,
        ["swish"] = Activation.Silu,
        ["gelu"] = Activation.Gelu,
        ["gelu_new"] = Activation.GeluTanh,
        ["gelu_pytorch_tanh"] = Activation.GeluTanh,
        ["gelu_fast"] = Activation.GeluTanh,
    };

    /// <summary>Every format.</summary>
    public static IReadOnlyList<ModelConfigFormat> All { get; } =
    [
        new(ModelFamily.Llama, "llama", "LlamaForCausalLM", ReadLlama, WriteLlama),
        new(ModelFamily.Mistral, "mistral", "MistralForCausalLM", ReadMistral, WriteMistral),
        new(ModelFamily.Qwen2, "qwen2", "Qwen2ForCausalLM", ReadQwen2, WriteLlama),
        new(ModelFamily.Qwen3, "qwen3", "Qwen3ForCausalLM", ReadQwen3, WriteLlama),
        new(ModelFamily.Gpt2, "gpt2", "GPT2LMHeadModel", ReadGpt2, WriteGpt2),
        new(ModelFamily.GptNeox, "gpt_neox", "GPTNeoXForCausalLM", ReadGptNeox, WriteGptNeox),
    ];

    private static ModelConfig ReadLlama(JsonFields fields)
    {
        RefuseBiases(fields, "llama", "attention_bias", "mlp_bias");
        return ReadLlamaLike(fields, ModelFamily.Llama, new Defaults { MaxPositionEmbeddings = 2048 });
    }

    // A window is mistral's default, and null says that there is none.
    private static ModelConfig ReadMistral(JsonFields fields)
    {
        var config = ReadLlamaLike(fields, ModelFamily.Mistral, new Defaults { MaxPositionEmbeddings = 131072, NumKeyValueHeads = 8 });
        var window = fields.WholeNumber("sliding_window", 4096, min: 1);
        RefuseWindow(fields, config, fields.IsNull("sliding_window") ? null : window);
        return config;
    }

    private static ModelConfig ReadQwen2(JsonFields fields) => ReadQwen(fields, ModelFamily.Qwen2, headDim: null);

    private static ModelConfig ReadQwen3(JsonFields fields)
    {
        RefuseBiases(fields, "qwen3", "attention_bias");
        return ReadQwen(fields, ModelFamily.Qwen3, headDim: 128);
    }

    private static ModelConfig ReadQwen(JsonFields fields, ModelFamily family, int? headDim)
    {
        var config = ReadLlamaLike(fields, family, new Defaults { MaxPositionEmbeddings = 32768, NumKeyValueHeads = 32, HeadDim = headDim });
        var window = fields.WholeNumber("sliding_window", 4096, min: 1);
        var firstWithWindow = fields.WholeNumber("max_window_layers", 28);
        var isInUse = fields.Flag("use_sliding_window", false) && !fields.IsNull("sliding_window") && firstWithWindow < config.NumHiddenLayers;
        RefuseWindow(fields, config, isInUse ? window : null);
        return config;
    }

    private static ModelConfig ReadLlamaLike(JsonFields fields, ModelFamily family, Defaults defaults)
    {
        var hiddenSize = fields.WholeNumber("hidden_size", min: 1);
        var heads = fields.WholeNumber("num_attention_heads", min: 1);
        return new ModelConfig
        {
            Family = family,
            VocabSize = fields.WholeNumber("vocab_size", min: 1),
            HiddenSize = hiddenSize,
            NumHiddenLayers = fields.WholeNumber("num_hidden_layers", min: 1),
            NumAttentionHeads = heads,
            NumKeyValueHeads = fields.WholeNumber("num_key_value_heads", fields.IsNull("num_key_value_heads") ? heads : defaults.NumKeyValueHeads ?? heads, min: 1),
            HeadDim = fields.WholeNumber("head_dim", (fields.IsNull("head_dim") ? null : defaults.HeadDim) ?? Math.Max(1, hiddenSize / heads), min: 1),
            IntermediateSize = fields.WholeNumber("intermediate_size", min: 1),
            MaxPositionEmbeddings = fields.WholeNumber("max_position_embeddings", defaults.MaxPositionEmbeddings, min: 1),
            HiddenAct = ReadActivation(fields, "hidden_act", "silu"),
            NormEps = fields.Number("rms_norm_eps", 1e-6),
            RopeTheta = ReadRope(fields, "rope_theta").Theta,
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

    private static ModelConfig ReadGptNeox(JsonFields fields)
    {
        var hiddenSize = fields.WholeNumber("hidden_size", min: 1);
        var heads = fields.WholeNumber("num_attention_heads", min: 1);
        if (!fields.Flag("attention_bias", true))
        {
            fields.Fault("'attention_bias' is false; expected true for the gpt_neox family");
        }

        var rope = ReadRope(fields, "rotary_emb_base", fields.Number("rotary_pct", 0.25, max: 1));
        return new ModelConfig
        {
            Family = ModelFamily.GptNeox,
            VocabSize = fields.WholeNumber("vocab_size", min: 1),
            HiddenSize = hiddenSize,
            NumHiddenLayers = fields.WholeNumber("num_hidden_layers", min: 1),
            NumAttentionHeads = heads,
            NumKeyValueHeads = heads,
            HeadDim = Math.Max(1, hiddenSize / heads),
            IntermediateSize = fields.WholeNumber("intermediate_size", min: 1),
            MaxPositionEmbeddings = fields.WholeNumber("max_position_embeddings", 2048, min: 1),
            HiddenAct = ReadActivation(fields, "hidden_act", "gelu"),
            NormEps = fields.Number("layer_norm_eps", 1e-5),
            RopeTheta = rope.Theta,
            RotaryPct = rope.Part,
            UseParallelResidual = fields.Flag("use_parallel_residual", true),
            TieWordEmbeddings = fields.Flag("tie_word_embeddings", false),
        };
    }

    // From transformers 5 on, what rotary positions need is in an object of its own.
    private static (double Theta, double Part) ReadRope(JsonFields fields, string thetaName, double? part = null)
    {
        if (fields.Raw("rope_scaling") is { } scaling && !IsDefaultRope(scaling))
        {
            fields.Fault($"'rope_scaling' is {JsonFields.Describe(scaling)}; expected null");
        }

        var theta = fields.Number(thetaName, 10000, min: 1);
        if (fields.Nested("rope_parameters") is not { } rope)
        {
            return (theta, part ?? 1);
        }

        rope.Text("rope_type", "default", ["default"]);
        return (rope.Number("rope_theta", theta, min: 1), rope.Number("partial_rotary_factor", part ?? 1, min: part is null ? 1 : 0, max: 1));
    }

    // Newer versions of transformers write the default as an object instead of null.
    private static bool IsDefaultRope(JsonElement scaling) =>
        scaling.ValueKind == JsonValueKind.Object && scaling.TryGetProperty("rope_type", out var type)
        && type.ValueKind == JsonValueKind.String && type.GetString() == "default";

    private static void RefuseBiases(JsonFields fields, string family, params string[] names)
    {
        foreach (var name in names.Where(name => fields.Flag(name, false)))
        {
            fields.Fault($"'{name}' is true; expected false for the {family} family");
        }
    }

    // A window as long as the longest sequence hides nothing.
    private static void RefuseWindow(JsonFields fields, ModelConfig config, int? window)
    {
        if (window < config.MaxPositionEmbeddings)
        {
            fields.Fault($"'sliding_window' is {window}, but max_position_embeddings is {config.MaxPositionEmbeddings}; expected no window, or sequences that fit into it: lower max_position_embeddings to {window}");
        }
    }

    private static Activation ReadActivation(JsonFields fields, string name, string fallback) =>
        Activations.GetValueOrDefault(fields.Text(name, fallback, Activations.Keys));

    private static JsonObject WriteLlama(ModelConfig config)
    {
        var json = WriteCommon(config);
        json["num_key_value_heads"] = config.NumKeyValueHeads;
        json["head_dim"] = config.HeadDim;
        json["rms_norm_eps"] = config.NormEps;
        json["rope_theta"] = config.RopeTheta;
        return json;
    }

    private static JsonObject WriteMistral(ModelConfig config)
    {
        var json = WriteLlama(config);
        json["sliding_window"] = null;
        return json;
    }

    private static JsonObject WriteGpt2(ModelConfig config) => new()
    {
        ["n_embd"] = config.HiddenSize,
        ["n_layer"] = config.NumHiddenLayers,
        ["n_head"] = config.NumAttentionHeads,
        ["n_inner"] = config.IntermediateSize,
        ["n_positions"] = config.MaxPositionEmbeddings,
        ["activation_function"] = ActivationName(config.HiddenAct),
        ["layer_norm_epsilon"] = config.NormEps,
    };

    private static JsonObject WriteGptNeox(ModelConfig config)
    {
        var json = WriteCommon(config);
        json["layer_norm_eps"] = config.NormEps;
        json["rotary_pct"] = config.RotaryPct;
        json["rotary_emb_base"] = config.RopeTheta;
        json["use_parallel_residual"] = config.UseParallelResidual;
        return json;
    }

    private static JsonObject WriteCommon(ModelConfig config) => new()
    {
        ["hidden_size"] = config.HiddenSize,
        ["num_hidden_layers"] = config.NumHiddenLayers,
        ["num_attention_heads"] = config.NumAttentionHeads,
        ["intermediate_size"] = config.IntermediateSize,
        ["max_position_embeddings"] = config.MaxPositionEmbeddings,
        ["hidden_act"] = ActivationName(config.HiddenAct),
    };

    private static string ActivationName(Activation activation) => Activations.First(a => a.Value == activation).Key;

    /// <summary>What Hugging Face takes for keys left out; null where it derives the value.</summary>
    private sealed record Defaults
    {
        public required int MaxPositionEmbeddings { get; init; }

        public int? NumKeyValueHeads { get; init; }

        public int? HeadDim { get; init; }
    }
}
