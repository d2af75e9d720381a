namespace PauseOnnx.Model;

/// <summary>The decoder families PauseOnnx trains and exports; Hugging Face's <c>model_type</c>.</summary>
public enum ModelFamily
{
    /// <summary>RMSNorm, rotary positions, SwiGLU, grouped-query attention, no biases.</summary>
    Llama,

    /// <summary>LayerNorm, learned positions, GELU, biases.</summary>
    Gpt2,
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

    /// <summary>Added to the variance in RMSNorm (<c>rms_norm_eps</c>) or LayerNorm (<c>layer_norm_epsilon</c>).</summary>
    public double NormEps { get; init; } = 1e-5;

    /// <summary>Base of the rotary frequencies (llama).</summary>
    public double RopeTheta { get; init; } = 10000;

    /// <summary>Whether the head is the embedding table itself.</summary>
    public bool TieWordEmbeddings { get; init; }

    /// <summary>What the checkpoint knows about pauses; null for a model without a <c>&lt;pause&gt;</c> row.</summary>
    public PauseConfig? Pause { get; init; }

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
        if (Family == ModelFamily.Gpt2)
        {
            Check(HeadDim * NumAttentionHeads == HiddenSize,
                $"'n_embd' is {HiddenSize}; expected a multiple of n_head, {NumAttentionHeads}");
            Check(NumKeyValueHeads == NumAttentionHeads,
                $"gpt2 has {NumKeyValueHeads} key/value heads; expected n_head, {NumAttentionHeads}");
        }
        else
        {
            Check(HeadDim % 2 == 0, $"'head_dim' is {HeadDim}; expected an even number, as rotary positions turn pairs");
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
