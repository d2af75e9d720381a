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
    /// <summary>Share of an export's time that writing takes; the rest is the proof. A guess, for the progress bar only.</summary>
    private const double WritingShare = 0.5;

    /// <summary>Version of this exporter.</summary>
    public static string ToolVersion { get; } = typeof(ModelExporter).Assembly.GetName().Version!.ToString(3);

    /// <summary>Exports a checkpoint. A failure or cancellation leaves nothing behind, and an earlier export as it was.</summary>
    /// <exception cref="ArgumentException">The pause count does not fit the checkpoint.</exception>
    /// <exception cref="ModelFormatException">The checkpoint or the reference does not hold what its format promises.</exception>
    /// <exception cref="ExportException">The graph is faulty, there is nothing to prove it by, or the proof failed.</exception>
    /// <exception cref="IOException">A file cannot be read or written.</exception>
    public static ExportReport Export(ExportOptions options, IProgress<ExportProgress>? progress = null, CancellationToken cancellationToken = default)
    {
        AtomicFolder.Check(options.Output, FileNames.ExportReport);
        var plan = ExportPlan.Read(options);
        using var weights = CheckpointWeights.Open(options.Checkpoint, plan.Config);

        var graph = DecoderLowering.Lower(plan.Config, weights, new LoweringOptions(plan.PauseCount, options.DynamicPauseCount));
        var passes = PassPipeline.Run(graph, PassPipeline.Default);
        var data = new ExternalData(graph);
        var report = ExportReports.Describe(graph, data, plan, passes, weights.Sha256());

        AtomicFolder.Write(options.Output, FileNames.ExportReport, folder =>
        {
            OnnxWriter.Write(graph, data, folder, ExportReports.Metadata(report, options.Output), Writing(data.Length, progress, cancellationToken));
            ModelFiles.Write(folder, options.Checkpoint, plan);
            report = report with
            {
                Parity = ParityProof.Run(Path.Combine(folder, FileNames.Onnx), plan.Config, options.DynamicPauseCount, plan.Reference, Proving(plan.Reference.Count, progress), cancellationToken),
                Files = ExportReports.Files(folder),
            };
            report.Write(Path.Combine(folder, FileNames.ExportReport));
        });
        return report;
    }

    private static Action<long> Writing(long total, IProgress<ExportProgress>? progress, CancellationToken cancellationToken)
    {
        var written = 0L;
        return bytes =>
        {
            cancellationToken.ThrowIfCancellationRequested();
            written += bytes;
            progress?.Report(new(WritingShare * written / total, $"{written >> 20} MB of weights written"));
        };
    }

    private static Action<int> Proving(int total, IProgress<ExportProgress>? progress) => done =>
        progress?.Report(new(WritingShare + ((1 - WritingShare) * done / total), $"{done} of {total} cases proven"));
}
