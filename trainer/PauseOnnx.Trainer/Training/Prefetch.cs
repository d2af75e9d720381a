using System.Threading.Channels;

namespace PauseOnnx.Trainer;

/// <summary>Makes items on another thread, a few ahead of their use.</summary>
public static class Prefetch
{
    /// <summary>The items <c>make(first)</c> to <c>make(end - 1)</c>, in order.</summary>
    /// <param name="first">Number of the first item.</param>
    /// <param name="end">Number after the last one.</param>
    /// <param name="ahead">Most finished items that wait.</param>
    /// <param name="make">Makes an item; called on one thread at a time. Its exception ends the sequence.</param>
    /// <remarks>Leaving the sequence early stops the producer and waits for it.</remarks>
    public static IEnumerable<T> Run<T>(int first, int end, int ahead, Func<int, T> make)
    {
        using var stop = new CancellationTokenSource();
        var channel = Channel.CreateBounded<T>(ahead);
        var producer = Task.Run(() => ProduceAsync(channel.Writer, first, end, make, stop.Token));
        try
        {
            foreach (var item in channel.Reader.ReadAllAsync().ToBlockingEnumerable())
            {
                yield return item;
            }
        }
        finally
        {
            stop.Cancel();
            producer.GetAwaiter().GetResult();
        }
    }

    private static async Task ProduceAsync<T>(ChannelWriter<T> writer, int first, int end, Func<int, T> make, CancellationToken stop)
    {
        try
        {
            for (var number = first; number < end; number++)
            {
                await writer.WriteAsync(make(number), stop).ConfigureAwait(false);
            }

            writer.Complete();
        }
        catch (Exception e)
        {
            // The consumer throws it; a stopped one is no longer listening.
            writer.Complete(e);
        }
    }
}
