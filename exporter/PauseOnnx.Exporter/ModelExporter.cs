using PauseOnnx.Exporter.Hosts;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Exporter.Quality;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>
/// Checkpoint to ONNX: the decoder is lowered to a graph with the delay inside, made over by the passes of target and precision,
/// written, and proven equal to the trainer before anybody sees the folder.
/// </summary>
public static class ModelExporter
{
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
        using var hashing = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var hash = Task.Run(() => weights.Sha256(hashing.Token), CancellationToken.None);
        var meter = new ExportMeter(plan.GraphCount, plan.Reference.Count, options.Precisions.Count * (plan.Quality?.Examples.Count ?? 0), progress, cancellationToken);
        try
        {
            ExportReport? report = null;
            AtomicFolder.Write(options.Output, FileNames.ExportReport, folder =>
            {
                var variants = options.Precisions.Select(precision => ExportVariant(plan, precision, weights, folder, hash, meter)).ToArray();
                variants = plan.Quality is null ? variants : Measure(plan, variants, weights, folder, hash, meter);
                ModelFiles.Write(folder, plan);
                report = ExportReports.Describe(plan, hash.GetAwaiter().GetResult()) with { Variants = variants, Files = ExportReports.Files(folder) };
                report.Write(Path.Combine(folder, FileNames.ExportReport));
            });
            return report!;
        }
        finally
        {
            // The hash reads files that are about to be closed.
            hashing.Cancel();
            ((IAsyncResult)hash).AsyncWaitHandle.WaitOne();
        }
    }

    // Lowers, writes and proves one graph.
    private static VariantReport ExportVariant(
        ExportPlan plan, GraphPrecision precision, CheckpointWeights weights, string folder, Task<string> hash, ExportMeter meter)
    {
        var report = WriteGraph(plan, precision, weights, folder, hash, meter);
        return report with { Parity = ParityProof.Run(Path.Combine(folder, report.File), plan, precision, meter) };
    }

    // The float32 graph is written for this alone where it was not asked for.
    private static VariantReport[] Measure(
        ExportPlan plan, VariantReport[] variants, CheckpointWeights weights, string folder, Task<string> hash, ExportMeter meter)
    {
        var baseline = plan.HasOwnBaseline ? folder : Path.Combine(folder, "baseline");
        if (!plan.HasOwnBaseline)
        {
            WriteGraph(plan, GraphPrecision.Fp32, weights, baseline, hash, meter);
        }

        var baselineFile = Path.Combine(baseline, plan.FileOf(GraphPrecision.Fp32));
        VariantReport[] measured = [.. variants.Zip(plan.Options.Precisions, (variant, precision) => variant with
        {
            Quality = QualityMeasurement.Run(Path.Combine(folder, variant.File), baselineFile, plan, precision, meter),
        })];
        if (!plan.HasOwnBaseline)
        {
            Directory.Delete(baseline, recursive: true);
        }

        return measured;
    }

    private static VariantReport WriteGraph(
        ExportPlan plan, GraphPrecision precision, CheckpointWeights weights, string folder, Task<string> hash, ExportMeter meter)
    {
        var graph = DecoderLowering.Lower(plan.Config, weights, new LoweringOptions(plan.PauseCount, plan.IsDynamic, plan.Logits));
        var passes = PassPipeline.Run(graph, plan.Passes(precision));
        var file = plan.FileOf(precision);
        var data = new ExternalData(graph);
        meter.Begin(data.Length);
        data.Write(Path.Combine(folder, file + FileNames.DataSuffix), meter.Written);

        var metadata = ExportReports.Metadata(ExportReports.Describe(plan, hash.GetAwaiter().GetResult()), plan, precision);
        OnnxWriter.Write(graph, data, Path.Combine(folder, file), metadata);
        HostFiles.Write(folder, plan, precision, graph);
        return ExportReports.Describe(plan, precision, graph, data, passes);
    }
}
