namespace PauseOnnx.Trainer;

/// <summary>Work on many threads whose results come in the order of the input.</summary>
internal static class OrderedParallel
{
    // Enough that no worker waits while the oldest item is slow, few enough that memory does not depend on the input.
    private const int ItemsPerWorker = 3;

    /// <summary>Transforms items lazily; at most three a worker are in memory.</summary>
    /// <param name="items">Enumerated on the caller's thread.</param>
    /// <param name="workers">Items transformed at a time.</param>
    /// <param name="transform">Called on any thread.</param>
    /// <returns>The results in order; where one fails, its exception comes in its place, and none of the later ones.</returns>
    public static IEnumerable<TResult> Select<T, TResult>(IEnumerable<T> items, int workers, Func<T, TResult> transform)
    {
        var scheduler = new ConcurrentExclusiveSchedulerPair(TaskScheduler.Default, workers).ConcurrentScheduler;
        var pending = new Queue<Task<TResult>>();
        try
        {
            foreach (var item in items)
            {
                pending.Enqueue(Task.Factory.StartNew(() => transform(item), CancellationToken.None, TaskCreationOptions.DenyChildAttach, scheduler));
                if (pending.Count == ItemsPerWorker * workers)
                {
                    yield return pending.Dequeue().GetAwaiter().GetResult();
                }
            }

            while (pending.TryDequeue(out var task))
            {
                yield return task.GetAwaiter().GetResult();
            }
        }
        finally
        {
            // Nothing goes on behind the caller's back after a failure.
            Task.WhenAll(pending).ContinueWith(_ => { }, TaskScheduler.Default).Wait();
        }
    }
}
