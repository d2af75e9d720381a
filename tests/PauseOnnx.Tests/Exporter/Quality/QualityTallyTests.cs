using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Quality;

namespace PauseOnnx.Tests.Exporter.Quality;

public class QualityTallyTests
{
    private static readonly float Ln2 = MathF.Log(2);
    private static readonly QualityData Questions = new("questions.jsonl", IsText: false, []);

    // p = 1/2, 1/4, 1/4 beside 1/4, 1/2, 1/4; then twice the same 1/4, 1/4, 1/2.
    [Test]
    public void Report_OfTwoPositions_HasTheFiguresWorkedByHand()
    {
        var tally = new QualityTally(3);
        var first = tally.Add([Ln2, 0, 0], [0, Ln2, 0], target: 0);
        var second = tally.Add([0, 0, Ln2], [0, 0, Ln2], target: 1);
        tally.AddExample(first);
        tally.AddExample(second);

        var report = tally.Report(Questions);
        Assert.Multiple(() =>
        {
            Assert.That((first, second), Is.EqualTo((true, false)));
            Assert.That((report.Samples, report.TargetTokens, report.Data), Is.EqualTo((2, 2L, "questions.jsonl")));
            Assert.That(report.Accuracy, Is.EqualTo(0.5));

            // Likelihoods 1/2 and 1/4: their geometric mean is 1 / sqrt(8).
            Assert.That(report.Perplexity, Is.EqualTo(Math.Sqrt(8)).Within(1e-6));
            Assert.That(report.Top1Agreement, Is.EqualTo(0.5));

            // 1/4 ln(1/2) + 1/2 ln 2 + 1/4 ln 1 = ln 2 / 4, and 0.
            Assert.That(report.KlDivergence, Is.EqualTo(Math.Log(2) / 8).Within(1e-6));
        });
    }

    [Test]
    public void Add_OfLogitsThatAreAllLarger_ChangesNothing()
    {
        var tally = new QualityTally(3);
        tally.Add([1000, 1001, 999], [-1000, -999, -1001], target: 1);

        var report = tally.Report(Questions);
        Assert.That(report.KlDivergence, Is.EqualTo(0).Within(1e-12));
        Assert.That(report.Perplexity, Is.EqualTo(1 + Math.Exp(-1) + Math.Exp(-2)).Within(1e-6));
    }

    [Test]
    public void Report_OfText_HasNoAccuracy()
    {
        var tally = new QualityTally(2);
        tally.AddExample(tally.Add([1, 0], [1, 0], target: 0));

        Assert.That(tally.Report(Questions with { IsText = true }).Accuracy, Is.Null);
    }

    [TestCase(float.NaN, 0)]
    [TestCase(0, float.NaN)]
    [TestCase(float.PositiveInfinity, 0)]
    [TestCase(1e30f, 0)]
    public void Report_OfALogitThatIsNone_FailsTheExport(float found, float baseline)
    {
        var tally = new QualityTally(2);
        tally.Add([found, 0], [baseline, 0], target: 1);

        Assert.That(() => tally.Report(Questions), Throws.TypeOf<ExportException>().With.Message.StartsWith("Export failed in quality: the perplexity is "));
    }
}
