namespace PauseOnnx.Model;

/// <summary>A weight's name in model.safetensors and its shape.</summary>
/// <param name="Name">Hugging Face's name.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
public readonly record struct WeightSpec(string Name, IReadOnlyList<int> Shape);

/// <summary>
/// Every weight of a checkpoint by Hugging Face's names. Linear weights of llama are [out, in]; those of gpt2 are
/// [in, out], as its Conv1D layers store them. The head keeps an unused row for <c>&lt;pause&gt;</c>, so that other tools
/// read the checkpoint as it is.
/// </summary>
public sealed class WeightNames
{
    private readonly ModelConfig _config;

    /// <summary>Names for a configuration.</summary>
    public WeightNames(ModelConfig config) => _config = config;

    private bool IsGpt2 => _config.Family == ModelFamily.Gpt2;

    /// <summary>Token embedding [vocab_size, C].</summary>
    public string Embedding => IsGpt2 ? "transformer.wte.weight" : "model.embed_tokens.weight";

    /// <summary>Learned positions [positions, C] (gpt2).</summary>
    public static string Positions => "transformer.wpe.weight";

    /// <summary>Final norm's scale [C].</summary>
    public string FinalNorm => IsGpt2 ? "transformer.ln_f.weight" : "model.norm.weight";

    /// <summary>Final norm's shift [C] (gpt2).</summary>
    public static string FinalNormBias => "transformer.ln_f.bias";

    /// <summary>Head [vocab_size, C]; the embedding's name when they are tied.</summary>
    public string Head => _config.TieWordEmbeddings ? Embedding : "lm_head.weight";

    /// <summary>A weight of layer <paramref name="layer"/>, such as <c>self_attn.q_proj.weight</c> or <c>attn.c_attn.bias</c>.</summary>
    public string Layer(int layer, string suffix) => IsGpt2 ? $"transformer.h.{layer}.{suffix}" : $"model.layers.{layer}.{suffix}";

    /// <summary>Every weight with its shape, in the order of computation.</summary>
    public IEnumerable<WeightSpec> All()
    {
        var (c, v) = (_config.HiddenSize, _config.VocabSize);
        yield return new(Embedding, [v, c]);
        if (IsGpt2)
        {
            yield return new(Positions, [_config.MaxPositionEmbeddings, c]);
        }

        for (var layer = 0; layer < _config.NumHiddenLayers; layer++)
        {
            foreach (var (suffix, shape) in IsGpt2 ? Gpt2Layer() : LlamaLayer())
            {
                yield return new(Layer(layer, suffix), shape);
            }
        }

        yield return new(FinalNorm, [c]);
        if (IsGpt2)
        {
            yield return new(FinalNormBias, [c]);
        }

        if (!_config.TieWordEmbeddings)
        {
            yield return new(Head, [v, c]);
        }
    }

    private IEnumerable<WeightSpec> LlamaLayer()
    {
        var (c, f) = (_config.HiddenSize, _config.IntermediateSize);
        var q = _config.NumAttentionHeads * _config.HeadDim;
        var kv = _config.NumKeyValueHeads * _config.HeadDim;
        yield return new("input_layernorm.weight", [c]);
        yield return new("self_attn.q_proj.weight", [q, c]);
        yield return new("self_attn.k_proj.weight", [kv, c]);
        yield return new("self_attn.v_proj.weight", [kv, c]);
        yield return new("self_attn.o_proj.weight", [c, q]);
        yield return new("post_attention_layernorm.weight", [c]);
        yield return new("mlp.gate_proj.weight", [f, c]);
        yield return new("mlp.up_proj.weight", [f, c]);
        yield return new("mlp.down_proj.weight", [c, f]);
    }

    private IEnumerable<WeightSpec> Gpt2Layer()
    {
        var (c, f) = (_config.HiddenSize, _config.IntermediateSize);
        yield return new("ln_1.weight", [c]);
        yield return new("ln_1.bias", [c]);
        yield return new("attn.c_attn.weight", [c, 3 * c]);
        yield return new("attn.c_attn.bias", [3 * c]);
        yield return new("attn.c_proj.weight", [c, c]);
        yield return new("attn.c_proj.bias", [c]);
        yield return new("ln_2.weight", [c]);
        yield return new("ln_2.bias", [c]);
        yield return new("mlp.c_fc.weight", [c, f]);
        yield return new("mlp.c_fc.bias", [f]);
        yield return new("mlp.c_proj.weight", [f, c]);
        yield return new("mlp.c_proj.bias", [c]);
    }
}
