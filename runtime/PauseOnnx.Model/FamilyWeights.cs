namespace PauseOnnx.Model;

/// <summary>A length that the shapes of weights are made of.</summary>
internal enum WeightLength
{
    /// <summary>V + 1: rows of the embedding table.</summary>
    Vocabulary,

    /// <summary>Learned positions.</summary>
    Positions,

    /// <summary>C.</summary>
    Hidden,

    /// <summary>Width of the feed-forward block.</summary>
    FeedForward,

    /// <summary>D.</summary>
    Head,

    /// <summary>H D: all queries.</summary>
    Queries,

    /// <summary>K D: all keys, or all values.</summary>
    KeysOrValues,

    /// <summary>3 C: queries, keys and values from one matrix.</summary>
    QueriesKeysValues,
}

/// <summary>A weight's name, in a layer without the layer's prefix, and its shape.</summary>
internal readonly record struct FamilyWeight(string Name, params WeightLength[] Shape);

/// <summary>What a family's checkpoints hold, by Hugging Face's names. A new family is a new row in the table.</summary>
internal sealed record FamilyWeights
{
    private static readonly Dictionary<ModelFamily, FamilyWeights> All = CreateTable();

    // Causal masks and rotary frequencies, which older versions of transformers saved with the weights.
    private static readonly string[] Buffers = [".attn.bias", ".attn.masked_bias", ".attention.bias", ".attention.masked_bias", ".rotary_emb.inv_freq"];

    /// <summary>Token embedding.</summary>
    public required string Embedding { get; init; }

    /// <summary>Learned positions; null where positions are rotary.</summary>
    public string? Positions { get; init; }

    /// <summary>What precedes the number of a layer.</summary>
    public required string Layers { get; init; }

    /// <summary>Every weight of a layer, in the order of computation.</summary>
    public required IReadOnlyList<FamilyWeight> Layer { get; init; }

    /// <summary>Final norm's scale.</summary>
    public required string FinalNorm { get; init; }

    /// <summary>Final norm's shift; null for RMSNorm.</summary>
    public string? FinalNormBias { get; init; }

    /// <summary>Head, where it is not tied to the embedding.</summary>
    public string Head { get; init; } = "lm_head.weight";

    /// <summary>What precedes the names of all weights but the head's; the hub has checkpoints without it.</summary>
    public string Prefix => Embedding[..(Embedding.IndexOf('.') + 1)];

    /// <summary>Whether a name is that of something saved with the weights which is none.</summary>
    public static bool IsBuffer(string name) => Buffers.Any(suffix => name.EndsWith(suffix, StringComparison.Ordinal));

    /// <summary>The description of a family.</summary>
    public static FamilyWeights Of(ModelFamily family) => All[family];

    private static Dictionary<ModelFamily, FamilyWeights> CreateTable()
    {
        const WeightLength c = WeightLength.Hidden, f = WeightLength.FeedForward, d = WeightLength.Head;
        const WeightLength q = WeightLength.Queries, kv = WeightLength.KeysOrValues, qkv = WeightLength.QueriesKeysValues;

        FamilyWeights Llama(params FamilyWeight[] projections) => new()
        {
            Embedding = "model.embed_tokens.weight",
            Layers = "model.layers",
            Layer =
            [
                new("input_layernorm.weight", c),
                .. projections,
                new("self_attn.o_proj.weight", c, q),
                new("post_attention_layernorm.weight", c),
                new("mlp.gate_proj.weight", f, c),
                new("mlp.up_proj.weight", f, c),
                new("mlp.down_proj.weight", c, f),
            ],
            FinalNorm = "model.norm.weight",
        };

        var (queries, keys, values) = (
            new FamilyWeight("self_attn.q_proj.weight", q, c),
            new FamilyWeight("self_attn.k_proj.weight", kv, c),
            new FamilyWeight("self_attn.v_proj.weight", kv, c));
        return new()
        {
            [ModelFamily.Llama] = Llama(queries, keys, values),
            [ModelFamily.Mistral] = Llama(queries, keys, values),
            [ModelFamily.Qwen2] = Llama(
                queries, new("self_attn.q_proj.bias", q), keys, new("self_attn.k_proj.bias", kv), values, new("self_attn.v_proj.bias", kv)),
            [ModelFamily.Qwen3] = Llama(
                queries, new("self_attn.q_norm.weight", d), keys, new("self_attn.k_norm.weight", d), values),
            [ModelFamily.Gpt2] = new()
            {
                Embedding = "transformer.wte.weight",
                Positions = "transformer.wpe.weight",
                Layers = "transformer.h",
                Layer =
                [
                    new("ln_1.weight", c),
                    new("ln_1.bias", c),
                    new("attn.c_attn.weight", c, qkv),
                    new("attn.c_attn.bias", qkv),
                    new("attn.c_proj.weight", c, c),
                    new("attn.c_proj.bias", c),
                    new("ln_2.weight", c),
                    new("ln_2.bias", c),
                    new("mlp.c_fc.weight", c, f),
                    new("mlp.c_fc.bias", f),
                    new("mlp.c_proj.weight", f, c),
                    new("mlp.c_proj.bias", c),
                ],
                FinalNorm = "transformer.ln_f.weight",
                FinalNormBias = "transformer.ln_f.bias",
            },
            [ModelFamily.GptNeox] = new()
            {
                Embedding = "gpt_neox.embed_in.weight",
                Layers = "gpt_neox.layers",
                Layer =
                [
                    new("input_layernorm.weight", c),
                    new("input_layernorm.bias", c),
                    new("attention.query_key_value.weight", qkv, c),
                    new("attention.query_key_value.bias", qkv),
                    new("attention.dense.weight", c, c),
                    new("attention.dense.bias", c),
                    new("post_attention_layernorm.weight", c),
                    new("post_attention_layernorm.bias", c),
                    new("mlp.dense_h_to_4h.weight", f, c),
                    new("mlp.dense_h_to_4h.bias", f),
                    new("mlp.dense_4h_to_h.weight", c, f),
                    new("mlp.dense_4h_to_h.bias", c),
                ],
                FinalNorm = "gpt_neox.final_layer_norm.weight",
                FinalNormBias = "gpt_neox.final_layer_norm.bias",
                Head = "embed_out.weight",
            },
        };
    }
}
