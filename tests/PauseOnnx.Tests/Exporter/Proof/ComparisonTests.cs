using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;

namespace PauseOnnx.Tests.Exporter.Proof;

/// <summary>How far logits of one case may be apart in float32.</summary>
[TestFixture]
public class ComparisonTests
{
    [TestCase(5, 0.9e-4f)]
    [TestCase(2, 0.9e-4f)]
    [TestCase(-20, 3.9e-4f)]
    [TestCase(40, 7.9e-4f)]
    public void Add_LargestLogit_AllowsAFiftyThousandthOfItAndNeverLessThanOf5(float largest, float difference)
    {
        var reference = Case(largest);

        Assert.That(() => new Comparison(reference).Add(0, [1 + difference, largest], 1, GraphPrecision.Fp32), Throws.Nothing);
        Assert.That(
            () => new Comparison(reference).Add(0, [1 + (difference * 1.2f), largest], 1, GraphPrecision.Fp32),
            Throws.TypeOf<ExportException>().With.Message.Contains("logits[0, 0, 0]"));
    }

    [TestCase(5, float.NaN, "is NaN, expected 5")]
    [TestCase(float.NaN, 5, "is 5, expected NaN")]
    [TestCase(float.PositiveInfinity, 5, "is 5, expected Infinity")]
    [TestCase(float.PositiveInfinity, float.PositiveInfinity, "is Infinity, expected Infinity")]
    public void Add_NoNumberOnEitherSide_IsRefusedThere(float reference, float found, string message) => Assert.That(
        () => new Comparison(Case(reference)).Add(0, [1, found], 1, GraphPrecision.Fp32),
        Throws.TypeOf<ExportException>().With.Message.Contains($"logits[0, 0, 1] {message};").And.Message.Contains("over 0.0001."));

    private static ReferenceCase Case(float largest) => new("single.m0", 0, 1, [1, 2], [1, 1], [], [1, largest]);
}
