using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter;

/// <summary>The exported file in ONNX Runtime against the independent <see cref="PlainTransformer"/>.</summary>
public class ModelExporterParityTests
{
    private const double Tolerance = 1e-4;

    private static IEnumerable<TestCaseData> ConfigsAndPauseCounts() =>
        from config in TinyCheckpoint.Configs
        from pauseCount in new[] { 0, 4, 25 }
        select new TestCaseData(config.Value, pauseCount).SetArgDisplayNames(config.Key, $"M={pauseCount}");

    [TestCaseSource(nameof(ConfigsAndPauseCounts))]
    public void Export_OfEveryConfigAndPauseCount_GivesTheReferenceLogits(ModelConfig config, int pauseCount)
    {
        using var folder = new TemporaryFolder();
        var report = ModelExporter.Export(new()
        {
            Checkpoint = TinyExport.WriteCheckpoint(folder.Root, config, pauseCount),
            Output = folder["model"],
            PauseCount = pauseCount,
        });

        Assert.That(report.Parity.Select(p => (p.Case, p.Batch, p.DecodeSteps)), Is.EqualTo(new[]
        {
            ($"single.m{pauseCount}", 1, PlainReference.Steps),
            ($"padded.m{pauseCount}", 3, PlainReference.Steps),
        }));
        Assert.That(report.Parity.Select(p => p.MaxDifference), Is.All.LessThan(Tolerance));
    }
}
