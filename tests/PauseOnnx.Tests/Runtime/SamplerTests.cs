using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class SamplerTests
{
    private const int Draws = 20_000;

    // Four standard deviations of a share of one half in that many draws.
    private const double Tolerance = 0.015;

    // Probabilities 0.15, 0.5, 0.05, 0.3 for ids 0 to 3.
    private static readonly float[] Logits = [.. new[] { 0.15, 0.5, 0.05, 0.3 }.Select(p => (float)Math.Log(p) + 3)];

    private static IEnumerable<TestCaseData> Distributions()
    {
        yield return new TestCaseData(new SamplingSettings { Temperature = 1 }, new[] { 0.15, 0.5, 0.05, 0.3 }).SetArgDisplayNames("temperature 1");
        yield return new TestCaseData(new SamplingSettings { Temperature = 2 }, new[] { 0.2076, 0.3790, 0.1199, 0.2936 }).SetArgDisplayNames("temperature 2: square roots");
        yield return new TestCaseData(new SamplingSettings { Temperature = 0.5 }, new[] { 0.0616, 0.6849, 0.0068, 0.2466 }).SetArgDisplayNames("temperature 0.5: squares");
        yield return new TestCaseData(new SamplingSettings { Temperature = 1, TopK = 2 }, new[] { 0, 0.625, 0, 0.375 }).SetArgDisplayNames("top-k 2");
        yield return new TestCaseData(new SamplingSettings { Temperature = 1, TopK = 9 }, new[] { 0.15, 0.5, 0.05, 0.3 }).SetArgDisplayNames("top-k above V");
        yield return new TestCaseData(new SamplingSettings { Temperature = 1, TopP = 0.45 }, new[] { 0, 1.0, 0, 0 }).SetArgDisplayNames("top-p within the first");
        yield return new TestCaseData(new SamplingSettings { Temperature = 1, TopP = 0.7 }, new[] { 0, 0.625, 0, 0.375 }).SetArgDisplayNames("top-p 0.7");
        yield return new TestCaseData(new SamplingSettings { Temperature = 1, TopP = 0.81 }, new[] { 0.1579, 0.5263, 0, 0.3158 }).SetArgDisplayNames("top-p 0.81");
        yield return new TestCaseData(new SamplingSettings { Temperature = 1, TopK = 3, TopP = 0.83 }, new[] { 0, 0.625, 0, 0.375 }).SetArgDisplayNames("top-p of what top-k left");
        yield return new TestCaseData(new SamplingSettings { Temperature = 2, TopP = 0.6 }, new[] { 0, 0.5635, 0, 0.4365 }).SetArgDisplayNames("top-p after temperature");
        yield return new TestCaseData(new SamplingSettings { Temperature = 1e-50 }, new[] { 0, 1.0, 0, 0 }).SetArgDisplayNames("temperature too small for float32");
    }

    [TestCaseSource(nameof(Distributions))]
    public void Sampler_Shares_AreThoseComputedByHand(object settings, double[] expected)
    {
        var sampler = new Sampler((SamplingSettings)settings, Logits.Length, 1);
        var counts = new int[Logits.Length];
        for (var i = 0; i < Draws; i++)
        {
            counts[sampler.Next(Logits, 0)]++;
        }

        Assert.That(counts.Select(c => (double)c / Draws), Is.EqualTo(expected).Within(Tolerance));
        Assert.That(counts.Zip(expected).Where(p => p.Second == 0).Select(p => p.First), Is.All.Zero, "an excluded token was drawn");
    }

    [Test]
    public void Sampler_TopPOfManyTokens_KeepsTheSmallestSetThatReachesIt()
    {
        var random = new Random(7);
        float[] logits = [.. Enumerable.Range(0, 500).Select(_ => 6 * random.NextSingle())];
        var total = logits.Sum(l => Math.Exp(l));
        var nucleus = new HashSet<int>();
        var reached = 0.0;
        foreach (var id in Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).TakeWhile(_ => reached < 0.3))
        {
            nucleus.Add(id);
            reached += Math.Exp(logits[id]) / total;
        }

        var sampler = new Sampler(new SamplingSettings { Temperature = 1, TopP = 0.3 }, logits.Length, 1);
        var drawn = Enumerable.Range(0, 4000).Select(_ => sampler.Next(logits, 0)).ToHashSet();
        Assert.That(drawn, Is.EquivalentTo(nucleus));
    }

    [TestCase(1)]
    [TestCase(7)]
    [TestCase(1000)]
    [TestCase(32000)]
    public void Weights_Thresholds_KeepWhatSortingKeeps(int count)
    {
        var random = new Random(count);
        var scratch = new float[count];
        for (var round = 0; round < 20; round++)
        {
            // Also many equal ones, and ones that are nothing.
            float[] weights = [.. Enumerable.Range(0, count).Select(_ => random.Next(5) == 0 ? random.Next(4) / 4f : MathF.Exp(-20 * random.NextSingle()))];
            weights[random.Next(count)] = 1;
            int[] order = [.. Enumerable.Range(0, count).OrderByDescending(i => weights[i]).ThenBy(i => i)];

            var k = 1 + random.Next(count);
            float[] largest = [.. weights];
            Weights.KeepLargest(largest, k, scratch);
            var kept = order.Take(k).ToHashSet();
            Assert.That(largest, Is.EqualTo(weights.Select((w, i) => kept.Contains(i) ? w : 0)));

            var p = 0.05 + (0.9 * random.NextDouble());
            float[] nucleus = [.. weights];
            Weights.KeepNucleus(nucleus, p, scratch);
            var (target, reached) = (p * weights.Sum(w => (double)w), 0.0);
            var needed = order.TakeWhile(i => reached < target && (reached += weights[i]) >= 0).Count();

            // Sums in another order may differ by a rounding, and so by one token.
            Assert.That(nucleus.Count(w => w > 0), Is.EqualTo(needed).Within(1));
            Assert.That(order.Take(needed - 1).Select(i => nucleus[i]), Is.EqualTo(order.Take(needed - 1).Select(i => weights[i])));
        }
    }

    [Test]
    public void Sampler_TopK_KeepsTheLargestAndTheLowestIdOfEqualOnes()
    {
        float[] logits = [1, 3, 2, 2, 5, 2, 0];
        var sampler = new Sampler(new SamplingSettings { Temperature = 1, TopK = 3 }, logits.Length, 1);
        var drawn = Enumerable.Range(0, 2000).Select(_ => sampler.Next(logits, 0)).ToHashSet();
        Assert.That(drawn, Is.EquivalentTo(new[] { 1, 2, 4 }));
    }

    [Test]
    public void Sampler_TemperatureZero_TakesTheLowestIdOfTheLargestLogits()
    {
        var sampler = new Sampler(new SamplingSettings { TopK = 3, TopP = 0.5 }, 5, 1);
        Assert.That(sampler.Next([1, 4, -2, 4, float.NegativeInfinity], 0), Is.EqualTo(1));
    }

    [Test]
    public void Sampler_Streams_DoNotDependOnTheRestOfTheBatch()
    {
        var settings = new SamplingSettings { Temperature = 1, Seed = 5 };
        var (small, large) = (new Sampler(settings, Logits.Length, 2), new Sampler(settings, Logits.Length, 6));
        var alone = Enumerable.Range(0, 200).Select(_ => small.Next(Logits, 1)).ToArray();
        var among = Enumerable.Range(0, 200).Select(i =>
        {
            large.Next(Logits, i % 2 == 0 ? 0 : 5);
            return large.Next(Logits, 1);
        }).ToArray();
        Assert.That(among, Is.EqualTo(alone));
        Assert.That(Enumerable.Range(0, 200).Select(_ => small.Next(Logits, 0)), Is.Not.EqualTo(alone), "two sequences share their random numbers");
    }

    [Test]
    public void Sampler_SameSeed_SameTokensAndAnotherSeed_OtherTokens()
    {
        int[] Draw(int seed)
        {
            var sampler = new Sampler(new SamplingSettings { Temperature = 1, Seed = seed }, Logits.Length, 1);
            return [.. Enumerable.Range(0, 100).Select(_ => sampler.Next(Logits, 0))];
        }

        var tokens = Draw(3);
        Assert.That(Draw(3), Is.EqualTo(tokens));
        Assert.That(Draw(4), Is.Not.EqualTo(tokens));
    }

    [TestCase(float.NaN)]
    [TestCase(float.PositiveInfinity)]
    public void Sampler_LogitNotFinite_IsRefused(float bad)
    {
        var sampler = new Sampler(new SamplingSettings(), 3, 1);
        Assert.That(() => sampler.Next([1, bad, 2], 0),
            Throws.InvalidOperationException.With.Message.StartsWith("The logit of token 1 is ").And.Message.EndsWith("; expected finite logits, and a token that is not forbidden."));
    }

    [Test]
    public void Sampler_Token_AllocatesNothing()
    {
        foreach (var settings in Distributions().Select(d => (SamplingSettings)d.Arguments[0]!).Append(new SamplingSettings()))
        {
            var sampler = new Sampler(settings, Logits.Length, 1);
            sampler.Next(Logits, 0);
            var before = GC.GetAllocatedBytesForCurrentThread();
            for (var i = 0; i < 100; i++)
            {
                sampler.Next(Logits, 0);
            }

            Assert.That(GC.GetAllocatedBytesForCurrentThread() - before, Is.Zero, $"{settings}");
        }
    }
}
