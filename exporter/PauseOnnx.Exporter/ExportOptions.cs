namespace PauseOnnx.Exporter;

/// <summary>Whether an exported file is proven before it is kept.</summary>
public enum Verification
{
    /// <summary>Compare with the trainer's own logits through ONNX Runtime; a difference fails the export.</summary>
    Full,

    /// <summary>Keep the file unproven; the report says so.</summary>
    None,
}

/// <summary>What to export, and how.</summary>
public sealed record ExportOptions
{
    /// <summary>A checkpoint folder in Hugging Face's layout.</summary>
    public required string Checkpoint { get; init; }

    /// <summary>The folder to write. An earlier export there is replaced once the new one is proven.</summary>
    public required string Output { get; init; }

    /// <summary>M_inf: pauses appended to a prompt, in tokens.</summary>
    /// <value>Default: null, the checkpoint's own <c>pause_count</c>.</value>
    public int? PauseCount { get; init; }

    /// <summary>Whether a host may give another pause count when it runs the model.</summary>
    /// <value>Default: false, as not every host can (ONNX Runtime in C# and C++ can, in JavaScript not).</value>
    public bool DynamicPauseCount { get; init; }

    /// <summary>The trainer's logits to compare with.</summary>
    /// <value>Default: null, reference.safetensors in the checkpoint.</value>
    public string? Reference { get; init; }

    /// <summary>Whether to prove the file.</summary>
    public Verification Verify { get; init; } = Verification.Full;
}

/// <summary>How far an export has come.</summary>
/// <param name="Fraction">0 to 1.</param>
/// <param name="Activity">What is being done.</param>
public readonly record struct ExportProgress(double Fraction, string Activity);
