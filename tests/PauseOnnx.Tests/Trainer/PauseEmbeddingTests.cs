using NUnit.Framework;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class PauseEmbeddingTests
{
    [Test]
    public void CreateRow_IsTheMeanPlusAHundredthOfTheSpread()
    {
        const int Width = 20000;
        float[] rows = [.. Enumerable.Repeat(1f, Width), .. Enumerable.Repeat(5f, Width)];
        var row = PauseEmbedding.CreateRow(rows, Width, seed: 1);
        var deviation = Math.Sqrt(row.Average(x => (x - 3.0) * (x - 3.0)));
        Assert.That(row.Average(), Is.EqualTo(3).Within(1e-3));
        Assert.That(deviation, Is.EqualTo(0.02).Within(3).Percent, "rows of 1 and 5 are 2 from their mean");
    }

    [Test]
    public void CreateRow_SameSeed_IsTheSame()
    {
        float[] rows = [1, 2, 3, 4, 5, 7];
        var (first, same, other) = (PauseEmbedding.CreateRow(rows, 3, seed: 4), PauseEmbedding.CreateRow(rows, 3, seed: 4), PauseEmbedding.CreateRow(rows, 3, seed: 5));
        Assert.That(same, Is.EqualTo(first));
        Assert.That(other, Is.Not.EqualTo(first));
    }
}
