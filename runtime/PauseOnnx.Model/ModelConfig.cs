namespace PauseOnnx.Model;

/// <summary>The decoder families PauseOnnx trains and exports; Hugging Face's <c>model_type</c>.</summary>
public enum ModelFamily
{
    /// <summary>RMSNorm, rotary positions, SwiGLU, grouped-query attention, no biases.</summary>
    Llama,

    /// <summary>As llama.</summary>
    Mistral,

    /// <summary>As llama, with biases on queries, keys and values.</summary>
    Qwen2,

    /// <summary>As llama, with RMSNorm on each head of queries and keys before they are turned.</summary>
    Qwen3,

    /// <summary>LayerNorm, learned positions, GELU, biases.</summary>
    Gpt2,

    /// <summary>
    /// LayerNorm, rotary positions on part of each head, GELU, biases; attention and feed-forward may read the same hidden
    /// state.
    /// </summary>
    GptNeox,
}

/// <summary>The nonlinearity of the feed-forward block; Hugging Face's <c>hidden_act</c>.</summary>
public enum Activation
{
    /// <summary>x * sigmoid(x); <c>silu</c>.</summary>
    Silu,

    /// <summary>x * Phi(x), exactly; <c>gelu</c>.</summary>
    Gelu,

    /// <summary>GELU by its tanh approximation; <c>gelu_new</c>, <c>gelu_pytorch_tanh</c>.</summary>
    GeluTanh,
}

/// <summary>
/// The shape of a decoder-only transformer in Hugging Face's words. Immutable; read and written by
/// <see cref="ModelConfigJson"/>.
/// </summary>
public sealed record ModelConfig
{
    /// <summary>The family, which decides weight names and the structure of a layer.</summary>
    public required ModelFamily Family { get; init; }

    /// <summary>Rows of the embedding table, <c>&lt;pause&gt;</c> included.</summary>
    public required int VocabSize { get; init; }

    /// <summary>C: width of the hidden state.</summary>
    public required int HiddenSize { get; init; }

    /// <summary>L: number of layers.</summary>
    public required int NumHiddenLayers { get; init; }

    /// <summary>H: number of query heads.</summary>
    public required int NumAttentionHeads { get; init; }

    /// <summary>K: number of key/value heads; divides <see cref="NumAttentionHeads"/>.</summary>
    public required int NumKeyValueHeads { get; init; }

    /// <summary>D: width of one head. Default in config.json: C / H.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of the feed-forward block.</summary>
    public required int IntermediateSize { get; init; }

    /// <summary>Longest sequence, in tokens, pauses included.</summary>
    public required int MaxPositionEmbeddings { get; init; }

    /// <summary>Nonlinearity of the feed-forward block.</summary>
    public required Activation HiddenAct { get; init; }

    /// <summary>
    /// Added to the variance in RMSNorm (<c>rms_norm_eps</c>) or LayerNorm (<c>layer_norm_epsilon</c>, <c>layer_norm_eps</c>).
    /// </summary>
    public double NormEps { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies (all families but gpt2).</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Part of each head that rotary positions turn, fraction 0-1 (gpt_neox).</summary>
    /// <value>1, all of it, for every other rotary family.</value>
    public double RotaryPct { get; init; } = 1;

    /// <summary>
    /// Whether a layer's feed-forward block reads the layer's input, as attention does, instead of what attention made of it
    /// (gpt_neox).
    /// </summary>
    /// <value>false for every other family.</value>
    public bool UseParallelResidual { get; init; }

    /// <summary>Whether the head is the embedding table itself.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>What the checkpoint knows about pauses; null for a model without a <c>&lt;pause&gt;</c> row.</summary>
    public PauseConfig? Pause { get; init; }

    /// <summary>
    /// Elements of a head that rotary positions turn, from its first; those after them keep their values. 0 without rotary
    /// positions.
    /// </summary>
    public int RotaryDim => Family == ModelFamily.Gpt2 ? 0 : (int)(HeadDim * RotaryPct);

    /// <summary>
    /// V: number of ordinary ids, and the width of the logits. The head never emits <c>&lt;pause&gt;</c>, whose id is V.
    /// </summary>
    public int OrdinaryVocabSize => Pause is null ? VocabSize : VocabSize - 1;

    /// <summary>Every contradiction between the values, one sentence each; empty for a usable configuration.</summary>
    public IReadOnlyList<string> FindFaults()
    {
        var faults = new List<string>();
        void Check(bool ok, string fault)
        {
            if (!ok)
            {
                faults.Add(fault);
            }
        }

        Check(OrdinaryVocabSize >= 1, $"'vocab_size' is {VocabSize}; expected at least one ordinary token");
        Check(NumKeyValueHeads >= 1 && NumAttentionHeads % Math.Max(1, NumKeyValueHeads) == 0,
            $"'num_key_value_heads' is {NumKeyValueHeads}; expected a divisor of num_attention_heads, {NumAttentionHeads}");
        if (Family is ModelFamily.Gpt2 or ModelFamily.GptNeox)
        {
            var (hidden, heads) = Family == ModelFamily.Gpt2 ? ("n_embd", "n_head") : ("hidden_size", "num_attention_heads");
            Check(HeadDim * NumAttentionHeads == HiddenSize,
                $"'{hidden}' is {HiddenSize}; expected a multiple of {heads}, {NumAttentionHeads}");
            Check(NumKeyValueHeads == NumAttentionHeads,
                $"The model has {NumKeyValueHeads} key/value heads; expected {heads}, {NumAttentionHeads}");
        }

        if (Family == ModelFamily.GptNeox)
        {
            Check(RotaryDim >= 2 && RotaryDim % 2 == 0,
                $"'rotary_pct' turns {RotaryDim} of a head's {HeadDim} elements; expected an even number from 2, as rotary positions turn pairs");
        }
        else
        {
            Check(RotaryDim % 2 == 0, $"'head_dim' is {HeadDim}; expected an even number, as rotary positions turn pairs");
        }

        if (Pause is not null)
        {
            Check(Pause.TokenId == VocabSize - 1,
                $"'pause_token_id' is {Pause.TokenId}; expected vocab_size - 1 = {VocabSize - 1}, the last embedding row");
            Check(Pause.Count < MaxPositionEmbeddings,
                $"'pause_count' is {Pause.Count}; expected fewer than the {MaxPositionEmbeddings} positions of the model");
        }

        return faults;
    }
}
