using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>A normalization: hidden state and name of its weights (without <c>.weight</c>) to normalized state.</summary>
internal delegate Value Norm(LoweringContext c, Value hidden, string name);

/// <summary>A feed-forward block: normalized state [B, T, C] and its layer to [B, T, C].</summary>
internal delegate Value FeedForward(LoweringContext c, Value hidden, int layer);

/// <summary>What a family of decoders is made of. A new family is a new row in <see cref="Families"/>.</summary>
internal sealed record Family
{
    /// <summary>Before attention, before the feed-forward block, and before the head.</summary>
    public required Norm Norm { get; init; }

    /// <summary>How tokens know their places, given int64 positions [B, T].</summary>
    public required Func<LoweringContext, Value, IPositions> Positions { get; init; }

    /// <summary>The feed-forward block.</summary>
    public required FeedForward FeedForward { get; init; }

    /// <summary>Whether linear weights are stored [in, out] rather than [out, in].</summary>
    public required bool LinearIsInOut { get; init; }

    /// <summary>Name of the norm before attention.</summary>
    public required string AttentionNorm { get; init; }

    /// <summary>Names of the linear layers that make queries, keys and values, in this order; one name where one makes all.</summary>
    public required string[] QueriesKeysValues { get; init; }

    /// <summary>
    /// Whether the one linear layer makes a query, a key and a value for each head in turn rather than all queries first.
    /// </summary>
    public bool HasHeadsInTurn { get; init; }

    /// <summary>Names of the RMSNorms of each head's query and key; null where there are none.</summary>
    public (string Query, string Key)? HeadNorms { get; init; }

    /// <summary>Name of the linear layer after attention.</summary>
    public required string AttentionOutput { get; init; }

    /// <summary>Name of the norm before the feed-forward block.</summary>
    public required string FeedForwardNorm { get; init; }

    /// <summary>The linear layer that makes queries (0), keys (1) or values (2), and which part of its outputs they are.</summary>
    public (string Name, Part? Part) Projection(int index, int heads) => QueriesKeysValues is [var joint]
        ? (joint, new Part(index, Count: 3, Groups: HasHeadsInTurn ? heads : 1))
        : (QueriesKeysValues[index], null);
}

/// <summary>The families that can be exported.</summary>
internal static class Families
{
    private static readonly Family Llama = new()
    {
        Norm = Norms.Rms,
        Positions = (c, positions) => new RotaryPositions(c, positions),
        FeedForward = FeedForwards.Gated,
        LinearIsInOut = false,
        AttentionNorm = "input_layernorm",
        QueriesKeysValues = ["self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"],
        AttentionOutput = "self_attn.o_proj",
        FeedForwardNorm = "post_attention_layernorm",
    };

    private static readonly Dictionary<ModelFamily, Family> All = new()
    {
        [ModelFamily.Llama] = Llama,
        [ModelFamily.Mistral] = Llama,
        [ModelFamily.Qwen2] = Llama,
        [ModelFamily.Qwen3] = Llama with { HeadNorms = ("self_attn.q_norm", "self_attn.k_norm") },
        [ModelFamily.Gpt2] = new Family
        {
            Norm = Norms.Layer,
            Positions = (c, positions) => new LearnedPositions(c, positions),
            FeedForward = FeedForwards.Plain("mlp.c_fc", "mlp.c_proj"),
            LinearIsInOut = true,
            AttentionNorm = "ln_1",
            QueriesKeysValues = ["attn.c_attn"],
            AttentionOutput = "attn.c_proj",
            FeedForwardNorm = "ln_2",
        },
        [ModelFamily.GptNeox] = new Family
        {
            Norm = Norms.Layer,
            Positions = (c, positions) => new RotaryPositions(c, positions),
            FeedForward = FeedForwards.Plain("mlp.dense_h_to_4h", "mlp.dense_4h_to_h"),
            LinearIsInOut = false,
            AttentionNorm = "input_layernorm",
            QueriesKeysValues = ["attention.query_key_value"],
            HasHeadsInTurn = true,
            AttentionOutput = "attention.dense",
            FeedForwardNorm = "post_attention_layernorm",
        },
    };

    /// <summary>The description of a family.</summary>
    public static Family Of(ModelFamily family) => All[family];
}
