namespace PauseOnnx.Runtime;

/// <summary>From logits to the next token of a sequence: rules, sampler, and the log-probabilities to report.</summary>
/// <remarks>Not thread-safe.</remarks>
/// <param name="settings">How to choose.</param>
/// <param name="vocabSize">V.</param>
/// <param name="batch">Number of sequences, each with random numbers of its own.</param>
internal sealed class TokenChooser(GenerationSettings settings, int vocabSize, int batch)
{
    private readonly LogitsRules _rules = new(settings.Logits, vocabSize);
    private readonly Sampler _sampler = new(settings.Sampling, vocabSize, batch);

    /// <summary>Chooses a token and gives it to the sequence.</summary>
    /// <param name="logits">The model's own, [V].</param>
    /// <param name="sequence">Whose they are.</param>
    /// <exception cref="InvalidOperationException">The logits hold NaN, or no finite largest value.</exception>
    public int Choose(ReadOnlySpan<float> logits, Sequence sequence)
    {
        var id = _sampler.Next(_rules.Apply(logits, sequence), sequence.Index);
        if (sequence.LogProbs is { } logProbs)
        {
            var logSumExp = LogProbabilities.LogSumExp(logits);
            logProbs.Add(logits[id] - logSumExp);
            sequence.TopLogProbs?.Add(LogProbabilities.Top(logits, logSumExp, settings.LogProbs!.Value));
        }

        sequence.Accept(id);
        return id;
    }
}
