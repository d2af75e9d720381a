using System.Numerics.Tensors;

namespace PauseOnnx.Runtime;

/// <summary>An id with the natural logarithm of its probability.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProb">At most 0.</param>
public readonly record struct TokenLogProb(int Id, double LogProb);

/// <summary>Logarithms of the probabilities that logits stand for.</summary>
internal static class LogProbabilities
{
    // Stays in the fastest cache.
    private const int ChunkLength = 1024;

    /// <summary>log(sum(exp(logits))), which every logit less it is a log-probability.</summary>
    /// <param name="logits">[V].</param>
    public static double LogSumExp(ReadOnlySpan<float> logits)
    {
        var max = TensorPrimitives.Max(logits);
        Span<float> scratch = stackalloc float[ChunkLength];

        // The sums of chunks are added in double: a sum of many small numbers loses digits in float32.
        var sum = 0.0;
        for (var rest = logits; rest.Length > 0; rest = rest[Math.Min(ChunkLength, rest.Length)..])
        {
            var chunk = scratch[..Math.Min(ChunkLength, rest.Length)];
            TensorPrimitives.Subtract(rest[..chunk.Length], max, chunk);
            TensorPrimitives.Exp(chunk, chunk);
            sum += TensorPrimitives.Sum<float>(chunk);
        }

        return max + Math.Log(sum);
    }

    /// <summary>The most likely tokens, the likeliest first; of equally likely ones the lower id.</summary>
    public static TokenLogProb[] Top(ReadOnlySpan<float> logits, double logSumExp, int count)
    {
        var smallest = new PriorityQueue<int, (float Logit, int NegativeId)>();
        for (var id = 0; id < logits.Length && count > 0; id++)
        {
            if (smallest.Count < count)
            {
                smallest.Enqueue(id, (logits[id], -id));
            }
            else if (smallest.TryPeek(out _, out var least) && logits[id] > least.Logit)
            {
                smallest.DequeueEnqueue(id, (logits[id], -id));
            }
        }

        var top = new TokenLogProb[smallest.Count];
        for (var i = top.Length - 1; smallest.TryDequeue(out var id, out var priority); i--)
        {
            top[i] = new TokenLogProb(id, priority.Logit - logSumExp);
        }

        return top;
    }
}
