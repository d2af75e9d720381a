using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class LikeLengthsTests
{
    [TestCase(new int[0], "")]
    [TestCase(new[] { 7 }, "0")]
    [TestCase(new[] { 10, 10, 10, 10 }, "0 1 2 3")]
    [TestCase(new[] { 20, 8 }, "1 0", TestName = "Split_TwoRows_AreNotWorthTwoCalls")]
    [TestCase(new[] { 2, 50, 3, 50 }, "0 2|1 3", TestName = "Split_LongRows_AreNotWaitedForByShortOnes")]
    public void Split_Lengths_GivesTheCheapestCalls(int[] lengths, string expected) =>
        Assert.That(string.Join('|', LikeLengths.Split(lengths, isStepwise: false).Select(c => string.Join(' ', c))), Is.EqualTo(expected));

    [Test]
    public void Split_ManyRows_FillsCallsThatMemoryHolds()
    {
        var calls = LikeLengths.Split([.. Enumerable.Repeat(9, 100)], isStepwise: false);
        Assert.That(calls, Has.Count.EqualTo(4).And.All.Property("Length").LessThanOrEqualTo(32));
        Assert.That(calls.SelectMany(c => c), Is.EquivalentTo(Enumerable.Range(0, 100)));
    }

    [TestCase(false)]
    [TestCase(true)]
    public void Split_AnyLengths_CostsNoMoreThanAnyOtherSplit(bool isStepwise)
    {
        var random = new Random(1);
        for (var i = 0; i < 200; i++)
        {
            int[] lengths = [.. Enumerable.Range(0, random.Next(1, 9)).Select(_ => random.Next(1, 90))];
            var calls = LikeLengths.Split(lengths, isStepwise);
            Assert.That(calls.SelectMany(c => c), Is.EquivalentTo(Enumerable.Range(0, lengths.Length)));
            Assert.That(calls.Sum(c => Cost(c.Length, c.Max(row => lengths[row]))), Is.EqualTo(Enumerable.Range(0, 1 << (lengths.Length - 1)).Min(cuts => CostOf([.. lengths.Order()], cuts))));
        }

        long Cost(int rows, int longest) => ((long)rows * longest) + (LikeLengths.CallCost * (isStepwise ? longest : 1));

        // A bit of `cuts` for each place between two rows.
        long CostOf(int[] sorted, int cuts)
        {
            var (cost, rows) = (0L, 0);
            for (var row = 0; row < sorted.Length; row++)
            {
                rows++;
                if (row == sorted.Length - 1 || (cuts >> row & 1) == 1)
                {
                    cost += Cost(rows, sorted[row]);
                    rows = 0;
                }
            }

            return cost;
        }
    }
}
