using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class SplitMix64Tests
{
    [Test]
    public void SplitMix64_SeedZero_GivesThePublishedNumbers()
    {
        // The first outputs of the reference implementation: E220A8397B1DCDAF, 6E789E6AA1B965F4, 06C45D188009454F.
        var random = new SplitMix64(seed: 0, stream: 0);
        double[] numbers = [random.NextDouble(), random.NextDouble(), random.NextDouble()];
        Assert.That(numbers, Is.EqualTo([0xE220A8397B1DCDAF / Math.Pow(2, 64), 0x6E789E6AA1B965F4 / Math.Pow(2, 64), 0x06C45D188009454F / Math.Pow(2, 64)]).Within(1e-15));
    }

    [Test]
    public void SplitMix64_SeedsAndStreams_DoNotMeet()
    {
        var first = from seed in Enumerable.Range(-20, 40) from stream in Enumerable.Range(0, 40) select new SplitMix64(seed, stream).NextDouble();
        Assert.That(first, Is.Unique);
    }
}
