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
/// <remarks>
/// Every restriction is a threshold below which a weight becomes 0, found by halving the range of float32 rather than by
/// sorting. Works in buffers of its own: nothing is allocated for a token. Not thread-safe.
/// </remarks>
internal sealed class Sampler
{
    private readonly SamplingSettings _settings;
    private readonly SplitMix64[] _random;
    private readonly float _temperature;
    private readonly float[] _weights;
    private readonly float[] _scratch;

    /// <summary>Makes the buffers.</summary>
    /// <param name="settings">How to choose.</param>
    /// <param name="vocabSize">V: number of logits.</param>
    /// <param name="batch">B: number of sequences.</param>
    public Sampler(SamplingSettings settings, int vocabSize, int batch)
    {
        _settings = settings;
        _random = [.. Enumerable.Range(0, batch).Select(sequence => new SplitMix64(settings.Seed, sequence))];
        _temperature = (float)settings.Temperature;
        (_weights, _scratch) = _temperature == 0 ? ([], []) : (new float[vocabSize], new float[vocabSize]);
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

        // Proportional to probabilities: exp((logit - max) / temperature), at most 1.
        TensorPrimitives.Subtract(logits, logits[best], _weights);
        TensorPrimitives.Divide(_weights, _temperature, _weights);
        TensorPrimitives.Exp(_weights, _weights);
        if (_settings.TopK > 0 && _settings.TopK < _weights.Length)
        {
            Weights.KeepLargest(_weights, _settings.TopK, _scratch);
        }

        if (_settings.TopP < 1)
        {
            Weights.KeepNucleus(_weights, _settings.TopP, _scratch);
        }

        if (_settings.MinP > 0)
        {
            // The most likely token weighs 1.
            Weights.DropBelow(_weights, (float)_settings.MinP);
        }

        return Weights.Draw(_weights, _random[sequence].NextDouble());
    }
}
