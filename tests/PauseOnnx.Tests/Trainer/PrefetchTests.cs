using NUnit.Framework;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class PrefetchTests
{
    [Test]
    public void Run_AllItems_ComeInOrder() =>
        Assert.That(Prefetch.Run(3, 50, ahead: 4, i => i * i), Is.EqualTo(Enumerable.Range(3, 47).Select(i => i * i)));

    [Test]
    public void Run_NoItems_IsEmpty() => Assert.That(Prefetch.Run(5, 5, ahead: 1, i => i), Is.Empty);

    [Test]
    public void Run_SlowConsumer_ProducerStaysAFewAhead()
    {
        var made = 0;
        foreach (var item in Prefetch.Run(0, 20, ahead: 2, i => Interlocked.Increment(ref made)))
        {
            Thread.Sleep(2);
            // Taken, two waiting, and one made that waits for room.
            Assert.That(Volatile.Read(ref made), Is.LessThanOrEqualTo(item + 3));
        }
    }

    [Test]
    public void Run_LeftEarly_StopsTheProducer()
    {
        var made = 0;
        _ = Prefetch.Run(0, int.MaxValue, ahead: 2, i => Interlocked.Increment(ref made)).First();
        var afterwards = Volatile.Read(ref made);
        Thread.Sleep(20);
        Assert.That(Volatile.Read(ref made), Is.EqualTo(afterwards));
    }

    [Test]
    public void Run_ProducerFails_ConsumerGetsItsException()
    {
        var items = Prefetch.Run(0, 10, ahead: 2, i => i < 3 ? i : throw new FormatException("third"));
        Assert.That(() => items.ToArray(), Throws.TypeOf<FormatException>().With.Message.EqualTo("third"));
    }
}
