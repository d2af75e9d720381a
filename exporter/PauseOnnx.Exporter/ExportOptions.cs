using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>How an exported file is proven before it is kept.</summary>
public enum Verification
{
    /// <summary>Every case of the reference, every call, through ONNX Runtime; a difference fails the export.</summary>
    Full,

    /// <summary>
    /// One case, its first call and one decode step, with the weights left in the mapped file: for models that barely fit into
    /// memory.
    /// </summary>
    Quick,

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

    /// <summary>The kind of host.</summary>
    public ExportTarget Target { get; init; }

    /// <summary>What numbers the graphs hold: one graph for each.</summary>
    /// <value>Default: float32.</value>
    public IReadOnlyList<GraphPrecision> Precisions { get; init; } = [GraphPrecision.Fp32];

    /// <summary>How weights become integers, where a precision has them.</summary>
    public QuantizationOptions Quantization { get; init; } = new();

    /// <summary>Which positions get logits.</summary>
    /// <value>Default: null, what the target wants, which is <see cref="LogitsOf.Delayed"/> where it does not care.</value>
    public LogitsOf? Logits { get; init; }

    /// <summary>Whether the delay is written as functions of our own, which a host can have native kernels of.</summary>
    /// <value>Default: true; false writes it in ONNX's operators, for hosts that know no functions.</value>
    public bool HasFunctions { get; init; } = true;

    /// <summary>The largest number of positions that hosts make room for, pauses included, where a target's files say one.</summary>
    /// <value>Default: null, as many as the model has, or 4096 for targets that allocate them at once.</value>
    public int? MaxLength { get; init; }

    /// <summary>The largest number of sequences in one call, where a target's files say one.</summary>
    public int MaxBatchSize { get; init; } = 8;

    /// <summary>M_inf: pauses appended to a prompt, in tokens.</summary>
    /// <value>Default: null, the checkpoint's own <c>pause_count</c>.</value>
    public int? PauseCount { get; init; }

    /// <summary>Whether a host may give another pause count when it runs the model.</summary>
    /// <value>Default: false, as not every host can (ONNX Runtime in C# and C++ can, in JavaScript not).</value>
    public bool DynamicPauseCount { get; init; }

    /// <summary>The trainer's logits to compare with.</summary>
    /// <value>Default: null, reference.safetensors in the checkpoint.</value>
    public string? Reference { get; init; }

    /// <summary>
    /// Data to measure every graph by: a folder with heldout.jsonl or held-out tokens, a .jsonl file of prefix and target, or a
    /// text file.
    /// </summary>
    /// <value>Default: null, nothing is measured.</value>
    public string? Quality { get; init; }

    /// <summary>Most examples, or windows of text, that are measured.</summary>
    /// <value>Default: 256, which tells shares to within some 3 %; the difference of two graphs on the same data much better.</value>
    public int QualitySamples { get; init; } = 256;

    /// <summary>Whether to prove the file.</summary>
    public Verification Verify { get; init; } = Verification.Full;
}

/// <summary>How far an export has come.</summary>
/// <param name="Fraction">0 to 1.</param>
/// <param name="Activity">What is being done.</param>
public readonly record struct ExportProgress(double Fraction, string Activity);
