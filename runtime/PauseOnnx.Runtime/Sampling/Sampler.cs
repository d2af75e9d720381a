using System.Numerics.Tensors;

namespace PauseOnnx.Runtime;

/// <summary>How the next token is chosen.</summary>
internal sealed record SamplingSettings
{
    /// <summary>Divides the logits; 0 always takes the most likely token.</summary>
    public double Temperature { get; init; }

    /// <summary>Number of most likely tokens to choose from; 0 for all.</summary>
    public int TopK { get; init; }

    /// <summary>Choose from the most likely tokens that together reach this probability, 0-1.</summary>
    public double TopP { get; init; } = 1;

    /// <summary>Choose from the tokens at least this fraction as likely as the most likely one, 0-1.</summary>
    public double MinP { get; init; }

    /// <summary>Start of the random numbers.</summary>
    public int Seed { get; init; }
}

/// <summary>
/// Chooses the next token from logits: temperature, then top-k, top-p and min-p, in Hugging Face's order. Each sequence has its
/// own random numbers, so what one is given does not depend on the others.
/// </summary>
/// <remarks>Works in buffers of its own: nothing is allocated for a token. Not thread-safe.</remarks>
internal sealed class Sampler
{
    private readonly SamplingSettings _settings;
    private readonly SplitMix64[] _random;
    private readonly float _temperature;
    private readonly float[] _weights;
    private readonly int[] _ids;
    private readonly PriorityQueue<int, (float Logit, int NegativeId)> _largest = new();

    /// <summary>Makes the buffers.</summary>
    /// <param name="settings">How to choose.</param>
    /// <param name="vocabSize">V: number of logits.</param>
    /// <param name="batch">B: number of sequences.</param>
    public Sampler(SamplingSettings settings, int vocabSize, int batch)
    {
        _settings = settings;
        _random = [.. Enumerable.Range(0, batch).Select(sequence => new SplitMix64(settings.Seed, sequence))];
        _temperature = (float)settings.Temperature;
        (_weights, _ids) = _temperature == 0 ? ([], []) : (new float[vocabSize], new int[vocabSize]);
    }

    /// <summary>Chooses one token.</summary>
    /// <param name="logits">[V] float32.</param>
    /// <param name="sequence">Whose random numbers to use, 0 to B - 1.</param>
    /// <returns>The id; of equally likely tokens the greedy choice is the lowest.</returns>
    /// <exception cref="InvalidOperationException">The logits hold NaN, or no finite largest value.</exception>
    public int Next(ReadOnlySpan<float> logits, int sequence)
    {
        var best = TensorPrimitives.IndexOfMax(logits);
        if (!float.IsFinite(logits[best]))
        {
            throw new InvalidOperationException($"The logit of token {best} is {logits[best]}; expected finite logits, and a token that is not forbidden.");
        }

        if (_temperature == 0)
        {
            return best;
        }

        var count = _settings.TopK > 0 && _settings.TopK < logits.Length ? TakeLargest(logits, _settings.TopK) : TakeAll(logits);
        Soften(_weights.AsSpan(0, count), logits[best]);
        if (_settings.TopP < 1)
        {
            count = KeepNucleus(count);
        }

        if (_settings.MinP > 0)
        {
            // The most likely token weighs 1.
            count = DropLighter(count, _settings.MinP);
        }

        return Draw(count, _random[sequence].NextDouble());
    }

    private int TakeAll(ReadOnlySpan<float> logits)
    {
        logits.CopyTo(_weights);
        for (var id = 0; id < logits.Length; id++)
        {
            _ids[id] = id;
        }

        return logits.Length;
    }

    // A heap of the k largest so far with the smallest on top; of equal logits the lower id stays.
    private int TakeLargest(ReadOnlySpan<float> logits, int k)
    {
        for (var id = 0; id < logits.Length; id++)
        {
            if (_largest.Count < k)
            {
                _largest.Enqueue(id, (logits[id], -id));
            }
            else if (_largest.TryPeek(out _, out var smallest) && logits[id] > smallest.Logit)
            {
                _largest.DequeueEnqueue(id, (logits[id], -id));
            }
        }

        for (var i = 0; _largest.TryDequeue(out var id, out var priority); i++)
        {
            (_ids[i], _weights[i]) = (id, priority.Logit);
        }

        return k;
    }

    // Weights proportional to probabilities: exp((logit - max) / temperature), at most 1.
    private void Soften(Span<float> weights, float max)
    {
        TensorPrimitives.Subtract(weights, max, weights);
        TensorPrimitives.Divide(weights, _temperature, weights);
        TensorPrimitives.Exp(weights, weights);
    }

    // The most likely tokens up to and including the one that reaches the probability.
    private int KeepNucleus(int count)
    {
        var total = Sum(count);
        var target = _settings.TopP * total;
        count = DropLighter(count, (total - target) / count);
        SortDescending(count);
        var reached = 0.0;
        for (var i = 0; i < count; i++)
        {
            reached += _weights[i];
            if (reached >= target)
            {
                return i + 1;
            }
        }

        return count;
    }

    // What lies outside the nucleus weighs (1 - p) of the total. Tokens lighter than the n-th part of that are outside: even
    // all of them together weigh less. Leaving only the few others to sort is what makes top-p cheap.
    private int DropLighter(int count, double least)
    {
        var kept = 0;
        for (var i = 0; i < count; i++)
        {
            if (_weights[i] >= least)
            {
                (_weights[kept], _ids[kept]) = (_weights[i], _ids[i]);
                kept++;
            }
        }

        return kept;
    }

    private void SortDescending(int count)
    {
        var weights = _weights.AsSpan(0, count);
        var ids = _ids.AsSpan(0, count);
        weights.Sort(ids);
        weights.Reverse();
        ids.Reverse();
    }

    private int Draw(int count, double uniform)
    {
        var (left, last) = (uniform * Sum(count), 0);
        for (var i = 0; i < count; i++)
        {
            if (_weights[i] > 0)
            {
                last = i;
                left -= _weights[i];
                if (left < 0)
                {
                    break;
                }
            }
        }

        return _ids[last];
    }

    private double Sum(int count)
    {
        var sum = 0.0;
        for (var i = 0; i < count; i++)
        {
            sum += _weights[i];
        }

        return sum;
    }
}
