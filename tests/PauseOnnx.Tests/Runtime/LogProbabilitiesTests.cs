using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class LogProbabilitiesTests
{
    [TestCase(1)]
    [TestCase(1024)]
    [TestCase(1025)]
    [TestCase(32003)]
    public void LogSumExp_Logits_IsThatOfDoubles(int count)
    {
        var random = new Random(count);
        float[] logits = [.. Enumerable.Range(0, count).Select(_ => (random.NextSingle() * 40) + 60)];
        Assert.That(LogProbabilities.LogSumExp(logits), Is.EqualTo(100 + Math.Log(logits.Sum(x => Math.Exp(x - 100.0)))).Within(1e-5));
    }

    [Test]
    public void LogSumExp_NaNBehindOtherLogits_IsNotHidden() =>
        Assert.That(LogProbabilities.LogSumExp([.. Enumerable.Repeat(1f, 2000), float.NaN]), Is.NaN);
}
