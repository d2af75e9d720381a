using PauseOnnx.Model;
using static TorchSharp.torch;
using static TorchSharp.torch.nn.functional;

namespace PauseOnnx.Trainer;

/// <summary>
/// The whole model: a decoder-only transformer of either family, from token ids to logits. Letters as in the glossary:
/// B batch, T tokens, H query heads, K key/value heads, D head width, C hidden, F feed-forward width, V ordinary ids.
/// </summary>
/// <remarks>Not thread-safe. Results belong to the caller's dispose scope.</remarks>
public sealed class LanguageModel : IDisposable
{
    // Added to the score of a key that must not be seen. Finite, so that a row of padding, which sees nothing, is no NaN.
    private const float MaskedScore = -1e9f;

    private readonly WeightNames _names;

    /// <summary>A model with zero weights; fill them by <see cref="Initialization"/> or <see cref="Parameters.Load"/>.</summary>
    public LanguageModel(ModelConfig config)
    {
        Config = config;
        _names = new WeightNames(config);
        Parameters = new Parameters(config);
    }

    /// <summary>The shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>The weights.</summary>
    public Parameters Parameters { get; }

    /// <summary>Runs the layers.</summary>
    /// <param name="ids">(B, T) int64; pauses are ids like any other.</param>
    /// <param name="attentionMask">
    /// (B, T), 1 = real, 0 = left padding; null when nothing is padded on the left. Positions count real tokens only.
    /// </param>
    /// <returns>Hidden states (B T, C) before the final norm, for <see cref="LogitsAt"/>.</returns>
    public Tensor Forward(Tensor ids, Tensor? attentionMask = null)
    {
        using var scope = NewDisposeScope();
        var (b, t) = (ids.shape[0], ids.shape[1]);
        var positions = attentionMask is null ? arange(t).unsqueeze(0) : (attentionMask.cumsum(1) - 1).clamp_min(0);  // (1, T) or (B, T)
        var mask = attentionMask is null ? null : AdditiveMask(attentionMask);                     // (B, 1, T, T)
        var context = new Context(b, t, mask, Config.RotaryDim > 0 ? Rotation(positions) : default);
        var x = Parameters[_names.Embedding].index_select(0, ids.flatten());                       // (B T, C)
        if (Config.Family == ModelFamily.Gpt2)
        {
            var p = Parameters[WeightNames.Positions].index_select(0, positions.flatten());        // (T, C) or (B T, C)
            x = (x.view(b, t, -1) + p.view(-1, t, Config.HiddenSize)).view(b * t, -1);             // (B T, C)
        }

        for (var layer = 0; layer < Config.NumHiddenLayers; layer++)
        {
            var l = layer;
            Tensor Weight(string suffix) => Parameters[_names.Layer(l, suffix)];
            x = Config.Family == ModelFamily.Gpt2 ? Gpt2Layer(x, Weight, context) : LlamaLayer(x, Weight, context);
        }

        return x.MoveToOuterDisposeScope();
    }

    /// <summary>Final norm and head, at chosen positions only: the others cost nothing and get exactly zero gradient.</summary>
    /// <param name="hidden">(B T, C) from <see cref="Forward"/>.</param>
    /// <param name="positions">(n) int64, each b T + t.</param>
    /// <returns>Logits (n, V). The head's last row, that of <c>&lt;pause&gt;</c>, takes no part.</returns>
    public Tensor LogitsAt(Tensor hidden, Tensor positions)
    {
        using var scope = NewDisposeScope();
        var x = hidden.index_select(0, positions);                                                 // (n, C)
        x = Config.Family == ModelFamily.Gpt2
            ? LayerNorm(x, Parameters[_names.FinalNorm], Parameters[_names.FinalNormBias!])
            : RmsNorm(x, Parameters[_names.FinalNorm]);
        var head = Parameters[_names.Head].narrow(0, 0, Config.OrdinaryVocabSize);                 // (V, C)
        return linear(x, head).MoveToOuterDisposeScope();                                          // (n, V)
    }

    /// <inheritdoc/>
    public void Dispose() => Parameters.Dispose();

    private Tensor Gpt2Layer(Tensor x, Func<string, Tensor> weight, Context context)
    {
        using var scope = NewDisposeScope();
        var h = LayerNorm(x, weight("ln_1.weight"), weight("ln_1.bias"));                          // (B T, C)
        var qkv = Affine(h, weight("attn.c_attn.weight"), weight("attn.c_attn.bias"))               // (B T, 3 C)
            .view(context.B, context.T, 3, Config.NumAttentionHeads, Config.HeadDim)               // (B, T, 3, H, D)
            .permute(2, 0, 3, 1, 4).unbind(0);                                                     // 3 x (B, H, T, D)
        var a = Attend(qkv[0], qkv[1], qkv[2], context);                                           // (B T, C)
        x = x + Affine(a, weight("attn.c_proj.weight"), weight("attn.c_proj.bias"));                // (B T, C)
        h = LayerNorm(x, weight("ln_2.weight"), weight("ln_2.bias"));                              // (B T, C)
        h = Activate(Affine(h, weight("mlp.c_fc.weight"), weight("mlp.c_fc.bias")));                // (B T, F)
        x = x + Affine(h, weight("mlp.c_proj.weight"), weight("mlp.c_proj.bias"));                  // (B T, C)
        return x.MoveToOuterDisposeScope();
    }

    private Tensor LlamaLayer(Tensor x, Func<string, Tensor> weight, Context context)
    {
        using var scope = NewDisposeScope();
        Tensor Heads(Tensor y, int count) => y.view(context.B, context.T, count, Config.HeadDim).transpose(1, 2);
        var h = RmsNorm(x, weight("input_layernorm.weight"));                                      // (B T, C)
        var q = Heads(linear(h, weight("self_attn.q_proj.weight")), Config.NumAttentionHeads);     // (B, H, T, D)
        var k = Heads(linear(h, weight("self_attn.k_proj.weight")), Config.NumKeyValueHeads);      // (B, K, T, D)
        var v = Heads(linear(h, weight("self_attn.v_proj.weight")), Config.NumKeyValueHeads);      // (B, K, T, D)
        var a = Attend(Rotate(q, context), Rotate(k, context), v, context);                        // (B T, H D)
        x = x + linear(a, weight("self_attn.o_proj.weight"));                                      // (B T, C)
        h = RmsNorm(x, weight("post_attention_layernorm.weight"));                                 // (B T, C)
        h = Activate(linear(h, weight("mlp.gate_proj.weight"))) * linear(h, weight("mlp.up_proj.weight"));  // (B T, F)
        x = x + linear(h, weight("mlp.down_proj.weight"));                                         // (B T, C)
        return x.MoveToOuterDisposeScope();
    }

    private Tensor Attend(Tensor q, Tensor k, Tensor v, Context context)
    {
        var group = Config.NumAttentionHeads / Config.NumKeyValueHeads;
        if (group > 1)
        {
            k = k.repeat_interleave(group, 1);                                                     // (B, H, T, D)
            v = v.repeat_interleave(group, 1);                                                     // (B, H, T, D)
        }

        var y = scaled_dot_product_attention(q, k, v, attn_mask: context.Mask!, is_casual: context.Mask is null);  // (B, H, T, D)
        return y.transpose(1, 2).reshape(context.B * context.T, -1);                               // (B T, H D)
    }

    // Hugging Face turns element i together with element i + D/2.
    private static Tensor Rotate(Tensor x, Context context)
    {
        var halves = x.chunk(2, -1);                                                               // 2 x (B, H, T, D/2)
        return (x * context.Cos) + (cat([-halves[1], halves[0]], -1) * context.Sin);               // (B, H, T, D)
    }

    private (Tensor Cos, Tensor Sin) Rotation(Tensor positions)
    {
        var frequencies = pow(Config.RopeTheta, arange(0, Config.HeadDim, 2).to(ScalarType.Float64) / -Config.HeadDim);  // (D/2)
        var angles = positions.to(ScalarType.Float64).unsqueeze(1).unsqueeze(-1) * frequencies;    // (1 or B, 1, T, D/2)
        angles = cat([angles, angles], -1);                                                        // (1 or B, 1, T, D)
        return (angles.cos().to(ScalarType.Float32), angles.sin().to(ScalarType.Float32));
    }

    private static Tensor AdditiveMask(Tensor attentionMask)
    {
        var t = attentionMask.shape[1];
        var seen = ones(t, t).tril() * attentionMask.to(ScalarType.Float32).view(-1, 1, 1, t);     // (B, 1, T, T)
        return (1 - seen) * MaskedScore;
    }

    private static Tensor Affine(Tensor x, Tensor weight, Tensor bias) => addmm(bias, x, weight, beta: 1, alpha: 1);

    private Tensor LayerNorm(Tensor x, Tensor scale, Tensor shift) => layer_norm(x, [Config.HiddenSize], scale, shift, Config.NormEps);

    private Tensor RmsNorm(Tensor x, Tensor scale) => x * (x.square().mean([-1], keepdim: true) + Config.NormEps).rsqrt() * scale;

    private Tensor Activate(Tensor x) => Config.HiddenAct switch
    {
        Activation.Silu => silu(x),
        Activation.GeluTanh => gelu(x, TorchSharp.Modules.GELU.Approximate.tanh),
        _ => gelu(x),
    };

    // What all layers of a pass share: sizes, the mask of padded batches (B, 1, T, T), rotary tables (1 or B, 1, T, D) of llama.
    private readonly record struct Context(long B, long T, Tensor? Mask, (Tensor Cos, Tensor Sin) Rotation)
    {
        public Tensor Cos => Rotation.Cos;

        public Tensor Sin => Rotation.Sin;
    }
}
