using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter;

/// <summary>Every family for every target in every precision: prefill and decode steps, single and padded, with and without pauses.</summary>
public class ExportMatrixTests
{
    private static IEnumerable<TestCaseData> Cells() =>
        from config in TinyCheckpoint.Configs.Keys
        from target in Enum.GetValues<ExportTarget>()
        from precision in Targets.Of(target).Precisions
        select new TestCaseData(TinyCheckpoint.ConfigFor(config, target), target, precision).SetArgDisplayNames(config, Targets.Of(target).Name, GraphPrecisions.NameOf(precision));

    [TestCaseSource(nameof(Cells))]
    public void Export_GivesTheReferenceLogits(ModelConfig config, ExportTarget target, GraphPrecision precision)
    {
        using var folder = new TemporaryFolder();
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, config, 0, 10);
        foreach (var pauseCount in new[] { 0, 10 })
        {
            var report = ModelExporter.Export(new()
            {
                Checkpoint = checkpoint,
                Output = folder["model"],
                PauseCount = pauseCount,
                Target = target,
                Precisions = [precision],
            });
            TestContext.Out.WriteLine(string.Join(" ", report.Variants[0].Parity.Select(p => $"{p.RelativeError:G3}")));
            Assert.That(report.Variants.Single().Parity.Select(p => p.Batch), Is.EqualTo(new[] { 1, 3 }));
        }
    }
}
