using NUnit.Framework;

namespace PauseOnnx.Tests.Support;

public class PlainTransformerTests
{
    // Double against double, rounded to float32; the logits are of order 10.
    private const double Tolerance = 1e-5;

    [TestCaseSource(typeof(GoldenCheckpoint), nameof(GoldenCheckpoint.Cases))]
    public void Logits_OfAGoldenCheckpoint_ArePyTorchs(string family)
    {
        var golden = GoldenCheckpoint.Read(family);
        var logits = new PlainTransformer(golden.Folder).Logits(golden.Ids).SelectMany(l => l);
        Assert.That(logits, Is.EqualTo(golden.Logits).Within(Tolerance));
    }
}
