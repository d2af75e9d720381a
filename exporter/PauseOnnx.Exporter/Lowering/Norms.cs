using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>The normalizations.</summary>
internal static class Norms
{
    /// <summary>RMSNorm: x / sqrt(mean(x^2) + eps) * weight.</summary>
    /// <remarks>Emitted as ONNX Runtime's SimplifiedLayerNormalization fusion expects it, which makes it one kernel.</remarks>
    public static Value Rms(LoweringContext c, Value hidden, string name)
    {
        using var scope = c.B.Scope("norm");
        var variance = c.B.Mean(c.B.Pow(hidden, c.B.Scalar(2f)));
        var root = c.B.Sqrt(c.B.Add(variance, c.B.Scalar((float)c.Config.NormEps)));
        return c.B.Mul(c.B.Div(hidden, root), c.Weight($"{name}.weight"));
    }

    /// <summary>LayerNorm: (x - mean) / sqrt(variance + eps) * weight + bias.</summary>
    public static Value Layer(LoweringContext c, Value hidden, string name)
    {
        using var scope = c.B.Scope("norm");
        return c.B.LayerNormalization(hidden, c.Weight($"{name}.weight"), c.Weight($"{name}.bias"), (float)c.Config.NormEps);
    }
}
