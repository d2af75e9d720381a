using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>The normalizations.</summary>
internal static class Norms
{
    /// <summary>RMSNorm: x / sqrt(mean(x^2) + eps) * weight.</summary>
    public static Value Rms(LoweringContext c, Value hidden, string name)
    {
        using var scope = c.B.Scope("norm");
        return c.B.RmsNormalization(hidden, c.Weight($"{name}.weight"), (float)c.Config.NormEps);
    }

    /// <summary>LayerNorm: (x - mean) / sqrt(variance + eps) * weight + bias.</summary>
    public static Value Layer(LoweringContext c, Value hidden, string name)
    {
        using var scope = c.B.Scope("norm");
        return c.B.LayerNormalization(hidden, c.Weight($"{name}.weight"), c.Weight($"{name}.bias"), (float)c.Config.NormEps);
    }
}
