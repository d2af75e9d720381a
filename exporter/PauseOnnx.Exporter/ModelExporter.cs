using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>
/// Checkpoint to ONNX: the decoder is lowered to a graph with the delay inside, written, and proven equal to the trainer
/// before anybody sees the folder.
/// </summary>
public static class ModelExporter
{
    /// <summary>Share of the progress bar that writing takes; the rest is the proof's, where there is one.</summary>
    private const double WritingShare = 0.5;

    /// <summary>Version of this exporter.</summary>
    public static string ToolVersion { get; } = typeof(ModelExporter).Assembly.GetName().Version!.ToString(3);

    /// <summary>Exports a checkpoint. A failure or cancellation leaves nothing behind, and an earlier export as it was.</summary>
    /// <exception cref="ArgumentException">The pause count does not fit the checkpoint.</exception>
    /// <exception cref="ModelFormatException">The checkpoint or the reference does not hold what its format promises.</exception>
    /// <exception cref="ExportException">The graph is faulty, there is nothing to prove it by, or the proof failed.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static ExportReport Export(
        ExportOptions options, IProgress<ExportProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        AtomicFolder.Check(options.Output, FileNames.ExportReport);
        var plan = ExportPlan.Read(options);
        using var weights = CheckpointWeights.Open(options.Checkpoint, plan.Config);

        var graph = DecoderLowering.Lower(plan.Config, weights, new LoweringOptions(plan.PauseCount, options.DynamicPauseCount));
        var passes = PassPipeline.Run(graph, PassPipeline.Default);
        var data = new ExternalData(graph);
        var report = ExportReports.Describe(graph, data, plan, passes, weights.Sha256(cancellationToken));

        AtomicFolder.Write(options.Output, FileNames.ExportReport, folder =>
        {
            var metadata = ExportReports.Metadata(report, options.Output);
            OnnxWriter.Write(graph, data, folder, metadata, Writing(data.Length, plan, progress, cancellationToken));
            ModelFiles.Write(folder, options.Checkpoint, plan);
            var parity = ParityProof.Run(Path.Combine(folder, FileNames.Onnx), plan, Proving(plan, progress), cancellationToken);
            report = report with { Parity = parity, Files = ExportReports.Files(folder) };
            report.Write(Path.Combine(folder, FileNames.ExportReport));
        });
        return report;
    }

    private static Action<long> Writing(
        long total, ExportPlan plan, IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        var (written, share) = (0L, plan.Reference.Count == 0 ? 1 : WritingShare);
        return bytes =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            written += bytes;
            progress?.Report(new(share * written / total, $"{written / 1e6:F1} of {total / 1e6:F1} MB written"));
        };
    }

    private static Action<int> Proving(ExportPlan plan, IProgress<ExportProgress>? progress)
    {
        var total = plan.Reference.Count;
        return done => progress?.Report(new(WritingShare + ((1 - WritingShare) * done / total), $"{done} of {total} cases proven"));
    }
}
