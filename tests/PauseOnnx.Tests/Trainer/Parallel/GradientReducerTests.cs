using NUnit.Framework;
using PauseOnnx.Trainer;
using static TorchSharp.torch;

namespace PauseOnnx.Tests.Trainer;

/// <summary>Buckets summed on a thread of their own, with ranks that are played.</summary>
public class GradientReducerTests
{
    [Test]
    public void Finish_Buckets_AreSummedInOrderOnOneOtherThread()
    {
        using var ranks = new PlayedRanks();
        using var reducer = new GradientReducer(ranks);
        using var gradients = arange(12, dtype: ScalarType.Float32);
        foreach (var step in new[] { 1, 2 })
        {
            using (NewDisposeScope())
            {
                reducer.Begin(gradients.narrow(0, 8, 4));
                reducer.Begin(gradients.narrow(0, 0, 8));
            }

            reducer.Finish();
            Assert.That(ranks.Lengths, Has.Count.EqualTo(2 * step));
        }

        Assert.That(gradients.data<float>().ToArray(), Is.EqualTo(Enumerable.Range(0, 12).Select(i => 4f * i)));
        Assert.That(ranks.Lengths, Is.EqualTo([4, 8, 4, 8]));
        Assert.That(ranks.Threads.Distinct().Count(), Is.EqualTo(1));
        Assert.That(ranks.Threads, Does.Not.Contain(Environment.CurrentManagedThreadId));
    }

    [Test]
    public void Begin_SumStillRunning_ReturnsAtOnce()
    {
        using var ranks = new PlayedRanks();
        using var reducer = new GradientReducer(ranks);
        using var bucket = ones(4);
        ranks.Gate.Reset();
        reducer.Begin(bucket);
        reducer.Begin(bucket);
        Assert.That(ranks.Lengths, Is.Empty, "both are handed over and neither is summed");
        ranks.Gate.Set();
        reducer.Finish();
        Assert.That(ranks.Lengths, Is.EqualTo([4, 4]));
    }

    [Test]
    public void Finish_SumThatFails_ThrowsItsException()
    {
        using var ranks = new PlayedRanks();
        using var reducer = new GradientReducer(ranks);
        using var whole = ones(4, dtype: ScalarType.Int64);
        reducer.Begin(whole);
        reducer.Begin(whole);
        Assert.That(reducer.Finish, Throws.ArgumentException.With.Message.EqualTo("no float"));
        Assert.That(reducer.Finish, Throws.ArgumentException, "nothing is summed after a fault");
        Assert.That(ranks.Lengths, Is.Empty);
    }

    [Test]
    public void Begin_SingleProcess_LeavesTheValues()
    {
        using var ranks = new SingleProcess();
        using var reducer = new GradientReducer(ranks);
        using var bucket = ones(4);
        reducer.Begin(bucket);
        reducer.Finish();
        Assert.That(bucket.sum().item<float>(), Is.EqualTo(4));
    }

    /// <summary>Two ranks with the same gradients, one of which is this process.</summary>
    private sealed class PlayedRanks : ICollective
    {
        public List<long> Lengths { get; } = [];

        public List<int> Threads { get; } = [];

        public ManualResetEventSlim Gate { get; } = new(true);

        public int Rank => 0;

        public int WorldSize => 2;

        public int LocalRank => 0;

        public int LocalSize => 2;

        public void Sum(Tensor values)
        {
            Gate.Wait();
            if (values.dtype != ScalarType.Float32)
            {
                throw new ArgumentException("no float");
            }

            values.mul_(2);
            Lengths.Add(values.numel());
            Threads.Add(Environment.CurrentManagedThreadId);
        }

        public void Broadcast(Tensor values) => throw new NotSupportedException();

        public void Barrier() => throw new NotSupportedException();

        public void Abort(string reason) => throw new NotSupportedException();

        public void Dispose() => Gate.Dispose();
    }
}
