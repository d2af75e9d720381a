using System.Text.Json;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>A pass and what it did.</summary>
/// <param name="Name">The pass.</param>
/// <param name="NodesBefore">Nodes it found.</param>
/// <param name="NodesAfter">Nodes it left.</param>
public sealed record PassReport(string Name, int NodesBefore, int NodesAfter);

/// <summary>How close ONNX Runtime came to the trainer in one case of the reference.</summary>
/// <param name="Case">Name of the case, such as <c>padded.m4</c>.</param>
/// <param name="PauseCount">M: pauses after the prompt.</param>
/// <param name="Batch">B: sequences.</param>
/// <param name="DecodeSteps">Calls after the first.</param>
/// <param name="MaxDifference">Largest absolute difference of a logit.</param>
/// <param name="RelativeError">Root mean square of the differences over the standard deviation of the reference's logits.</param>
/// <param name="Top1Agreement">Share of positions where both have the same largest logit.</param>
/// <param name="Tolerance">What the precision allows, of <paramref name="Measure"/>.</param>
/// <param name="Measure">What the tolerance is of: <c>max_difference</c> or <c>relative_error</c>.</param>
public sealed record ParityReport(
    string Case, int PauseCount, int Batch, int DecodeSteps, double MaxDifference, double RelativeError, double Top1Agreement, double Tolerance, string Measure);

/// <summary>One graph of an export: what was lowered how, how large it is, and how it was proven.</summary>
public sealed record VariantReport
{
    /// <summary>One of <see cref="GraphPrecisions.Names"/>.</summary>
    public required string Precision { get; init; }

    /// <summary>The graph, relative to the folder; its weights are beside it.</summary>
    public required string File { get; init; }

    /// <summary>Versions of operator sets by domain; ONNX's own is <c>ai.onnx</c>.</summary>
    public required IReadOnlyDictionary<string, int> Opsets { get; init; }

    /// <summary>Passes in the order they ran.</summary>
    public required IReadOnlyList<PassReport> Passes { get; init; }

    /// <summary>Nodes of the graph by operator; those of another domain than ONNX's own begin with it.</summary>
    public required IReadOnlyDictionary<string, int> Nodes { get; init; }

    /// <summary>Initializers that are weights or tables.</summary>
    public required int WeightCount { get; init; }

    /// <summary>Their size in the data file.</summary>
    public required long WeightBytes { get; init; }

    /// <summary>Cases by which the file was proven; empty when it was not.</summary>
    public required IReadOnlyList<ParityReport> Parity { get; init; }

    /// <summary>How well the graph foretells the user's own data; null where it was not measured.</summary>
    public QualityReport? Quality { get; init; }

    /// <summary>Whether the file was proven equal to the trainer, as far as its precision allows.</summary>
    public bool IsProven => Parity.Count > 0;
}

/// <summary>A file of the exported folder.</summary>
/// <param name="Name">Relative to the folder.</param>
/// <param name="Bytes">Its size.</param>
public sealed record FileReport(string Name, long Bytes);

/// <summary>export-report.json: what was exported from what, and each graph of it.</summary>
public sealed record ExportReport
{
    private static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        WriteIndented = true,
        RespectNullableAnnotations = true,
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    /// <summary>Version of the exporter.</summary>
    public required string ToolVersion { get; init; }

    /// <summary>SHA-256 of the checkpoint's weight files, in hexadecimal.</summary>
    public required string CheckpointSha256 { get; init; }

    /// <summary>Hugging Face's model_type.</summary>
    public required string Family { get; init; }

    /// <summary>The kind of host, such as <c>portable</c>.</summary>
    public required string Target { get; init; }

    /// <summary><see cref="MetadataNames.GrowingCache"/> or <see cref="MetadataNames.SharedCache"/>.</summary>
    public required string Cache { get; init; }

    /// <summary>Which positions get logits: <c>delayed</c>, <c>last</c> or <c>all</c>.</summary>
    public required string Logits { get; init; }

    /// <summary>M_inf, in tokens; the default where it is dynamic.</summary>
    public required int PauseCount { get; init; }

    /// <summary><c>baked</c> or <c>dynamic</c>.</summary>
    public required string PauseCountMode { get; init; }

    /// <summary>One of <see cref="PauseConfig.Trainings"/>, or <c>none</c>.</summary>
    public required string PauseTraining { get; init; }

    /// <summary>The graphs, one for each precision.</summary>
    public required IReadOnlyList<VariantReport> Variants { get; init; }

    /// <summary>Files beside this one.</summary>
    public required IReadOnlyList<FileReport> Files { get; init; }

    /// <summary>Whether every graph was proven.</summary>
    public bool IsProven => Variants.All(v => v.IsProven);

    /// <summary>Reads an export-report.json.</summary>
    /// <exception cref="ModelFormatException">The file is not a report.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static ExportReport Read(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<ExportReport>(File.ReadAllBytes(file), Json)
                ?? throw new ModelFormatException($"The report is null; expected an object ({file}).");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"Not an export report: {e.Message} ({file}).", e);
        }
    }

    /// <summary>Writes an export-report.json.</summary>
    public void Write(string file) => File.WriteAllText(file, JsonSerializer.Serialize(this, Json) + "\n");
}
