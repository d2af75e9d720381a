using PauseOnnx.Model;

namespace PauseOnnx.Tests.Support;

/// <summary>
/// Every family in plain double-precision loops, one sequence at a time, no cache, no batching, no padding: written
/// from the papers and shared with nothing, so that trainer and exporter have somebody independent to agree with.
/// </summary>
internal sealed class PlainTransformer
{
    private readonly ModelConfig _config;
    private readonly WeightNames _names;
    private readonly Dictionary<string, double[]> _weights;

    public PlainTransformer(string checkpoint)
    {
        _config = ModelConfigJson.Read(Path.Combine(checkpoint, FileNames.Config));
        _names = new WeightNames(_config);
        using var weights = CheckpointWeights.Open(checkpoint, _config);
        _weights = _names.All().ToDictionary(w => w.Name, w => Array.ConvertAll(weights.ReadFloats(w.Name), x => (double)x));
    }

    /// <summary>Logits [V] after each token of a sequence.</summary>
    public double[][] Logits(IReadOnlyList<int> ids)
    {
        var hidden = ids.Select((id, position) => Embed(id, position)).ToArray();
        for (var layer = 0; layer < _config.NumHiddenLayers; layer++)
        {
            var l = layer;
            double[] Weight(string suffix) => _weights[_names.Layer(l, suffix)];
            hidden = _config.Family switch
            {
                ModelFamily.Gpt2 => Gpt2Layer(hidden, Weight),
                ModelFamily.GptNeox => GptNeoxLayer(hidden, Weight),
                _ => LlamaLayer(hidden, Weight),
            };
        }

        return [.. hidden.Select(h => Head(FinalNorm(h)))];
    }

    /// <summary>Logits after prompt ++ M pauses, then after each next id.</summary>
    public double[][] DelayedLogits(IReadOnlyList<int> prompt, int pauseCount, IReadOnlyList<int> next)
    {
        int[] ids = [.. prompt, .. Enumerable.Repeat(_config.Pause!.TokenId, pauseCount), .. next];
        return Logits(ids)[(prompt.Count + pauseCount - 1)..];
    }

    /// <summary>Mean next-token cross entropy over positions whose target is marked.</summary>
    public double Loss(IReadOnlyList<int> ids, IReadOnlyList<bool> targetCarriesLoss)
    {
        var logits = Logits(ids);
        var losses = new List<double>();
        for (var k = 0; k + 1 < ids.Count; k++)
        {
            if (targetCarriesLoss[k + 1])
            {
                losses.Add(Math.Log(logits[k].Sum(Math.Exp)) - logits[k][ids[k + 1]]);
            }
        }

        return losses.Average();
    }

    private double[] Embed(int id, int position)
    {
        var c = _config.HiddenSize;
        var row = _weights[_names.Embedding].AsSpan(id * c, c).ToArray();
        return _config.Family == ModelFamily.Gpt2 ? Add(row, _weights[WeightNames.Positions].AsSpan(position * c, c).ToArray()) : row;
    }

    private double[] FinalNorm(double[] h) => _config.Family is ModelFamily.Gpt2 or ModelFamily.GptNeox
        ? LayerNorm(h, _weights[_names.FinalNorm], _weights[_names.FinalNormBias!])
        : RmsNorm(h, _weights[_names.FinalNorm]);

    private double[] Head(double[] h)
    {
        var head = _weights[_names.Head];
        return [.. Enumerable.Range(0, _config.OrdinaryVocabSize).Select(v => h.Select((x, i) => x * head[(v * h.Length) + i]).Sum())];
    }

    private double[][] LlamaLayer(double[][] hidden, Func<string, double[]> w)
    {
        var normed = hidden.Select(h => RmsNorm(h, w("input_layernorm.weight"))).ToArray();
        double[] Project(double[] x, string name) => _config.Family == ModelFamily.Qwen2
            ? Add(OutIn(x, w($"self_attn.{name}_proj.weight")), w($"self_attn.{name}_proj.bias"))
            : OutIn(x, w($"self_attn.{name}_proj.weight"));
        double[] Turned(double[] x, string name, int t) => Rotate(
            _config.Family == ModelFamily.Qwen3 ? EachHead(Project(x, name), head => RmsNorm(head, w($"self_attn.{name}_norm.weight"))) : Project(x, name), t);
        var queries = normed.Select((x, t) => Turned(x, "q", t)).ToArray();
        var keys = normed.Select((x, t) => Turned(x, "k", t)).ToArray();
        var values = normed.Select(x => Project(x, "v")).ToArray();
        return [.. Attend(queries, keys, values).Select((a, t) =>
        {
            var h = Add(hidden[t], OutIn(a, w("self_attn.o_proj.weight")));
            var x = RmsNorm(h, w("post_attention_layernorm.weight"));
            var gate = OutIn(x, w("mlp.gate_proj.weight")).Select(Activate);
            var gated = gate.Zip(OutIn(x, w("mlp.up_proj.weight")), (g, u) => g * u).ToArray();
            return Add(h, OutIn(gated, w("mlp.down_proj.weight")));
        })];
    }

    private double[][] Gpt2Layer(double[][] hidden, Func<string, double[]> w)
    {
        var c = _config.HiddenSize;
        var qkv = hidden.Select(h => InOut(LayerNorm(h, w("ln_1.weight"), w("ln_1.bias")), w("attn.c_attn.weight"), w("attn.c_attn.bias"))).ToArray();
        double[][] Part(int part) => [.. qkv.Select(x => x[(part * c)..((part + 1) * c)])];
        return [.. Attend(Part(0), Part(1), Part(2)).Select((a, t) =>
        {
            var h = Add(hidden[t], InOut(a, w("attn.c_proj.weight"), w("attn.c_proj.bias")));
            var x = InOut(LayerNorm(h, w("ln_2.weight"), w("ln_2.bias")), w("mlp.c_fc.weight"), w("mlp.c_fc.bias"));
            return Add(h, InOut([.. x.Select(Activate)], w("mlp.c_proj.weight"), w("mlp.c_proj.bias")));
        })];
    }

    private double[][] GptNeoxLayer(double[][] hidden, Func<string, double[]> w)
    {
        double[] Linear(double[] x, string name) => Add(OutIn(x, w($"{name}.weight")), w($"{name}.bias"));
        double[] Norm(double[] x, string name) => LayerNorm(x, w($"{name}.weight"), w($"{name}.bias"));
        var fused = hidden.Select(h => Linear(Norm(h, "input_layernorm"), "attention.query_key_value")).ToArray();

        // For each head its query, its key, its value.
        var d = _config.HeadDim;
        double[] Part(double[] x, int part) => [.. Enumerable.Range(0, _config.NumAttentionHeads).SelectMany(head => x.Skip(((head * 3) + part) * d).Take(d))];
        var queries = fused.Select((x, t) => Rotate(Part(x, 0), t)).ToArray();
        var keys = fused.Select((x, t) => Rotate(Part(x, 1), t)).ToArray();
        var values = fused.Select(x => Part(x, 2)).ToArray();
        return [.. Attend(queries, keys, values).Select((a, t) =>
        {
            var h = Add(hidden[t], Linear(a, "attention.dense"));
            var x = Norm(_config.UseParallelResidual ? hidden[t] : h, "post_attention_layernorm");
            return Add(h, Linear([.. Linear(x, "mlp.dense_h_to_4h").Select(Activate)], "mlp.dense_4h_to_h"));
        })];
    }

    private IEnumerable<double[]> Attend(double[][] queries, double[][] keys, double[][] values)
    {
        var d = _config.HeadDim;
        var group = _config.NumAttentionHeads / _config.NumKeyValueHeads;
        for (var t = 0; t < queries.Length; t++)
        {
            var output = new double[_config.NumAttentionHeads * d];
            for (var head = 0; head < _config.NumAttentionHeads; head++)
            {
                var shared = head / group * d;
                var scores = Enumerable.Range(0, t + 1)
                    .Select(s => Math.Exp(Enumerable.Range(0, d).Sum(i => queries[t][(head * d) + i] * keys[s][shared + i]) / Math.Sqrt(d))).ToArray();
                for (var s = 0; s <= t; s++)
                {
                    for (var i = 0; i < d; i++)
                    {
                        output[(head * d) + i] += scores[s] / scores.Sum() * values[s][shared + i];
                    }
                }
            }

            yield return output;
        }
    }

    // Hugging Face turns element i together with element i + R/2 of the first R, not with its neighbour; the rest stay.
    private double[] Rotate(double[] x, int position) => EachHead(x, head =>
    {
        var (r, turned) = (_config.RotaryDim, head.ToArray());
        for (var i = 0; i < r; i++)
        {
            var angle = position * Math.Pow(_config.RopeTheta, -2.0 * (i % (r / 2)) / r);
            var partner = i < r / 2 ? -head[i + (r / 2)] : head[i - (r / 2)];
            turned[i] = (head[i] * Math.Cos(angle)) + (partner * Math.Sin(angle));
        }

        return turned;
    });

    private double[] EachHead(double[] x, Func<double[], double[]> change) => [.. x.Chunk(_config.HeadDim).SelectMany(change)];

    private double[] RmsNorm(double[] x, double[] scale)
    {
        var root = Math.Sqrt(x.Average(v => v * v) + _config.NormEps);
        return [.. x.Select((v, i) => v / root * scale[i])];
    }

    private double[] LayerNorm(double[] x, double[] scale, double[] shift)
    {
        var mean = x.Average();
        var deviation = Math.Sqrt(x.Average(v => (v - mean) * (v - mean)) + _config.NormEps);
        return [.. x.Select((v, i) => ((v - mean) / deviation * scale[i]) + shift[i])];
    }

    private double Activate(double x) => _config.HiddenAct switch
    {
        Activation.Silu => x / (1 + Math.Exp(-x)),
        Activation.GeluTanh => 0.5 * x * (1 + Math.Tanh(Math.Sqrt(2 / Math.PI) * (x + (0.044715 * x * x * x)))),
        _ => x * NormalCdf(x),
    };

    // Phi(x) by Simpson's rule, so that no series of somebody's erf is trusted.
    private static double NormalCdf(double x)
    {
        const int Steps = 200;
        var (width, sum) = (x / Steps, 0.0);
        for (var i = 0; i <= Steps; i++)
        {
            var weight = i is 0 or Steps ? 1 : i % 2 == 1 ? 4 : 2;
            sum += weight * Math.Exp(-i * width * i * width / 2);
        }

        return 0.5 + (sum * width / 3 / Math.Sqrt(2 * Math.PI));
    }

    private static double[] Add(double[] a, double[] b) => [.. a.Zip(b, (x, y) => x + y)];

    private static double[] OutIn(double[] x, double[] weight) =>
        [.. Enumerable.Range(0, weight.Length / x.Length).Select(o => x.Select((v, i) => v * weight[(o * x.Length) + i]).Sum())];

    private static double[] InOut(double[] x, double[] weight, double[] bias) =>
        [.. bias.Select((b, o) => b + x.Select((v, i) => v * weight[(i * bias.Length) + o]).Sum())];
}
