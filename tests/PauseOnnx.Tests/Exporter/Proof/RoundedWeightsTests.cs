using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Proof;

/// <summary>
/// What a precision loses says little of mistakes: int4 may be off by half. But a graph of rounded weights must have the
/// logits of a plain model with the same rounded weights, closely.
/// </summary>
public class RoundedWeightsTests
{
    private const int PauseCount = 4;

    private static readonly ExportTarget[] Forms = [ExportTarget.Portable, ExportTarget.Standard, ExportTarget.SharedCache, ExportTarget.GenAI];

    private static IEnumerable<TestCaseData> Cells() =>
        from config in TinyCheckpoint.Configs.Keys
        from form in Forms
        from precision in Targets.Of(form).Precisions.Skip(1)
        from isSymmetric in precision is GraphPrecision.BlockInt8 or GraphPrecision.BlockInt4 ? new[] { true, false } : [true]
        select new TestCaseData(config, form, precision, isSymmetric)
            .SetArgDisplayNames(config, Targets.Of(form).Name, GraphPrecisions.NameOf(precision), isSymmetric ? "symmetric" : "asymmetric");

    [TestCaseSource(nameof(Cells))]
    public void Export_GivesTheLogitsOfItsRoundedWeights(string configName, ExportTarget target, GraphPrecision precision, bool isSymmetric)
    {
        using var folder = new TemporaryFolder();
        var config = TinyCheckpoint.ConfigFor(configName, target) with { IntermediateSize = 2 * HadamardMatrix.Size };
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, config, PauseCount);
        var quantization = new QuantizationOptions { IsSymmetric = isSymmetric, BlockSize = 32 };
        RoundedCheckpoint.Write(checkpoint, folder["rounded"], precision, quantization);
        ReferenceFile.Write(folder[FileNames.Reference], PlainReference.Cases(folder["rounded"], PauseCount));

        var report = ModelExporter.Export(new()
        {
            Checkpoint = checkpoint,
            Output = folder["model"],
            Target = target,
            Precisions = [precision],
            Quantization = quantization,
            Reference = folder[FileNames.Reference],
        });
        var parity = report.Variants.Single().Parity;
        Assert.That(parity.Select(p => p.RelativeError), Is.All.LessThan(Tolerances.RelativeErrorOfRoundedWeights(precision)));
    }
}
