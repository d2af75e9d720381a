using NUnit.Framework;
using PauseOnnx.Experiments.Reports;
using PauseOnnx.Model;

namespace PauseOnnx.Tests.Experiments.Reports;

public class ModelCurveTests
{
    [Test]
    public void Of_CellsInAnyOrder_ComeInThePapersOrderAndThenInTheirOwn()
    {
        var cells = new[]
        {
            FakeResults.Cell("prepended", "6..30", 0, 15, (15, 0.5)),
            FakeResults.Cell("12 layers", "0", 0, 0, (0, 0.5)) with { Model = new(90_000, 80_000, 384, 12, 32) },
            FakeResults.Cell("4 layers", "0", 0, 0, (0, 0.5)) with { Model = new(50_000, 40_000, 384, 4, 32) },
            FakeResults.Cell("PausePT_PauseFT", "6..30", 0, 15, (15, 0.5)),
            FakeResults.Cell("PausePT_PauseFT", "50", 0, 50, (50, 0.5)),
            FakeResults.Cell("PausePT_PauseFT", "10", 0, 10, (10, 0.5)),
            FakeResults.Cell("filler", "0", 0, 0, (10, 0.5)),
            FakeResults.Cell("StdPT_StdFT", "0", 0, 0, (0, 0.5)),
        };

        Assert.That(ModelCurve.Of(cells).Select(c => $"{c.Variant} {c.MFt}"), Is.EqualTo(new[]
        {
            "StdPT_StdFT 0", "PausePT_PauseFT 10", "PausePT_PauseFT 50", "PausePT_PauseFT 6..30", "filler 0", "prepended 6..30", "12 layers 0", "4 layers 0",
        }));
    }

    [Test]
    public void Own_BestElsewhere_IsTheCountThatTheModelWasExportedWith()
    {
        var curve = ModelCurve.Of([FakeResults.Cell("PausePT_PauseFT", "6..30", 0, 15, (0, 0.1), (15, 0.8), (20, 0.9))]).Single();
        Assert.That(curve.Own.PauseCount, Is.EqualTo(15));
    }

    [TestCase("filler", 0, TestName = "Own_OfAFiller_IsTheLargestCount")]
    [TestCase("PausePT_PauseFT", 10, TestName = "Own_NotAmongTheCounts_IsTheLargestCount")]
    public void Own_WithoutACountOfItsOwn_IsTheLargest(string variant, int own)
    {
        var curve = ModelCurve.Of([FakeResults.Cell(variant, "0", 0, own, (0, 0.9), (20, 0.8))]).Single();
        Assert.That(curve.Own.PauseCount, Is.EqualTo(20));
    }

    [Test]
    public void Points_OfSeedsMeasuredDifferently_AreThoseOfAll()
    {
        var curve = ModelCurve.Of(
        [
            FakeResults.Cell("StdPT_PauseFT", "10", 1, 10, (0, 0.2), (5, 0.9), (10, 0.4)),
            FakeResults.Cell("StdPT_PauseFT", "10", 0, 10, (0, 0.1), (10, 0.2)),
        ]).Single();

        Assert.That(curve.Points.Select(p => (p.PauseCount, Math.Round(p.Metrics["em"].Mean, 6))), Is.EqualTo(new[] { (0, 0.15), (10, 0.3) }));
        Assert.That(curve.Cells.Select(c => c.Seed), Is.EqualTo(new[] { 0, 1 }));
    }

    [Test]
    public void Milliseconds_OneSeedNotTimed_AreUnknown()
    {
        var timed = FakeResults.Cell("StdPT_StdFT", "0", 0, 0, (0, 0.2));
        var not = FakeResults.Cell("StdPT_StdFT", "0", 1, 0) with
        {
            Evaluation = timed.Evaluation with { Points = [timed.Evaluation.Points[0] with { AnswerMilliseconds = null }] },
        };

        Assert.That(ModelCurve.Of([timed]).Single().Own.Milliseconds, Is.EqualTo(0.2).Within(1e-12));
        Assert.That(ModelCurve.Of([timed, not]).Single().Own.Milliseconds, Is.Null);
    }

    [Test]
    public void Of_OneSeedTwice_NamesBothFiles() => Assert.That(
        () => ModelCurve.Of([FakeResults.Cell("StdPT_StdFT", "0", 3, 0, (0, 0.1)), FakeResults.Cell("StdPT_StdFT", "0", 3, 0, (0, 0.1)) with { Id = "copy" }]),
        Throws.TypeOf<ModelFormatException>().With.Message.Contains("Seed 3 is there twice").And.Message.Contains("copy.json"));

    [Test]
    public void Of_SeedsWithNothingInCommon_SaysWhatIsExpected() => Assert.That(
        () => ModelCurve.Of([FakeResults.Cell("StdPT_StdFT", "0", 0, 0, (0, 0.1)), FakeResults.Cell("StdPT_StdFT", "0", 1, 0, (5, 0.1))]),
        Throws.TypeOf<ModelFormatException>().With.Message.Contains("no pause count in common"));
}
