using System.Runtime.ExceptionServices;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// Sums gradients over all ranks while backward is still busy with earlier layers: backward hands over each bucket of the flat
/// gradient buffer when it is complete, and one thread sums them in that order.
/// </summary>
/// <remarks>
/// Every rank must hand over the same buckets in the same order. Between the first <see cref="Begin"/> and
/// <see cref="Finish"/> the communication thread is the only one that may use the collective, so that the ranks' calls match.
/// A single process starts no thread. The memory of the buckets must live until <see cref="Finish"/>; their tensors need not.
/// </remarks>
public sealed class GradientReducer : IDisposable
{
    private readonly ICollective _ranks;
    private readonly Thread? _communication;
    private readonly Queue<Tensor> _waiting = [];
    private ExceptionDispatchInfo? _fault;
    private bool _isBusy;
    private bool _isOver;

    /// <summary>Starts the thread.</summary>
    /// <param name="ranks">Stays the caller's.</param>
    public GradientReducer(ICollective ranks)
    {
        _ranks = ranks;
        if (ranks.WorldSize > 1)
        {
            _communication = new Thread(SumBuckets) { IsBackground = true, Name = "gradients" };
            _communication.Start();
        }
    }

    /// <summary>Hands over a bucket; returns at once. Nobody may touch it until <see cref="Finish"/>.</summary>
    /// <param name="bucket">A contiguous part of the gradients, complete on this rank.</param>
    public void Begin(Tensor bucket)
    {
        if (_communication is not null)
        {
            // Backward's dispose scope may end before this view of the gradients is summed.
            var kept = bucket.detach().DetachFromDisposeScope();
            lock (_waiting)
            {
                _waiting.Enqueue(kept);
                Monitor.PulseAll(_waiting);
            }
        }
    }

    /// <summary>Waits until every bucket handed over holds the sum over all ranks.</summary>
    /// <exception cref="Exception">What went wrong on the communication thread; nothing is summed after it.</exception>
    public void Finish()
    {
        lock (_waiting)
        {
            while ((_isBusy || _waiting.Count > 0) && _fault is null)
            {
                Monitor.Wait(_waiting);
            }
        }

        _fault?.Throw();
    }

    /// <summary>Ends the thread after the bucket it is summing.</summary>
    public void Dispose()
    {
        lock (_waiting)
        {
            _isOver = true;
            Monitor.PulseAll(_waiting);
        }

        _communication?.Join();
    }

    private void SumBuckets()
    {
        while (Next() is { } bucket)
        {
            using var _ = bucket;
            try
            {
                _ranks.Sum(bucket);
            }
            catch (Exception e)
            {
                _fault = ExceptionDispatchInfo.Capture(e);
            }
        }
    }

    // Waits for a bucket; null when there will be no more.
    private Tensor? Next()
    {
        lock (_waiting)
        {
            _isBusy = false;
            Monitor.PulseAll(_waiting);
            while (_waiting.Count == 0 && !_isOver && _fault is null)
            {
                Monitor.Wait(_waiting);
            }

            _isBusy = !_isOver && _fault is null;
            return _isBusy ? _waiting.Dequeue() : null;
        }
    }
}
