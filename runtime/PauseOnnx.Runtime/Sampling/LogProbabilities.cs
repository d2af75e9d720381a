using System.Numerics.Tensors;

namespace PauseOnnx.Runtime;

/// <summary>An id with the natural logarithm of its probability.</summary>
/// <param name="Id">The token.</param>
/// <param name="LogProb">At most 0.</param>
public readonly record struct TokenLogProb(int Id, double LogProb);

/// <summary>Logarithms of the probabilities that logits stand for.</summary>
internal static class LogProbabilities
{
    /// <summary>log(sum(exp(logits))), which every logit less it is a log-probability.</summary>
    /// <param name="logits">[V].</param>
    /// <param name="scratch">V numbers to work with.</param>
    public static double LogSumExp(ReadOnlySpan<float> logits, Span<float> scratch)
    {
        var max = TensorPrimitives.Max(logits);
        TensorPrimitives.Subtract(logits, max, scratch);
        TensorPrimitives.Exp(scratch, scratch);

        // In double: the sum of many small numbers loses digits in float32.
        var sum = 0.0;
        foreach (var x in scratch)
        {
            sum += x;
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
