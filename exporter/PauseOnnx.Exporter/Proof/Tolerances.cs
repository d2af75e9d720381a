namespace PauseOnnx.Exporter.Proof;

/// <summary>How far an exported file may be from the trainer, each with its reason.</summary>
internal static class Tolerances
{
    /// <summary>
    /// Absolute, on logits in float32. Both sides sum the same products in another order: the relative error of a sum of
    /// some thousand float32 terms is about 1e-6, and logits are of the order of 10. A wrong mask, position or weight is
    /// off by 1e-2 and more.
    /// </summary>
    public const double Logits = 1e-4;
}
