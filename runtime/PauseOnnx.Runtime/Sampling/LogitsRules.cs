namespace PauseOnnx.Runtime;

/// <summary>What changes logits before a token is chosen.</summary>
internal sealed record LogitsSettings
{
    /// <summary>Divides positive and multiplies negative logits of tokens seen; 1 for none.</summary>
    public float RepetitionPenalty { get; init; } = 1;

    /// <summary>Subtracted for each time a token was produced.</summary>
    public float FrequencyPenalty { get; init; }

    /// <summary>Subtracted once from tokens produced.</summary>
    public float PresencePenalty { get; init; }

    /// <summary>Added to the logits of ids.</summary>
    public KeyValuePair<int, float>[] Bias { get; init; } = [];

    /// <summary>The user's code.</summary>
    public IReadOnlyList<ILogitsProcessor> Processors { get; init; } = [];

    /// <summary>Whether tokens must be counted.</summary>
    public bool HasPenalties => RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;

    /// <summary>Whether nothing is changed.</summary>
    public bool IsEmpty => !HasPenalties && Bias.Length == 0 && Processors.Count == 0;
}

/// <summary>Applies penalties, bias and the user's processors to a copy of the logits.</summary>
/// <remarks>Allocates nothing for a token. Not thread-safe.</remarks>
/// <param name="settings">What to change.</param>
/// <param name="vocabSize">V.</param>
internal sealed class LogitsRules(LogitsSettings settings, int vocabSize)
{
    private readonly float[] _changed = settings.IsEmpty ? [] : new float[vocabSize];

    /// <summary>The logits by which to choose; valid until the next call.</summary>
    /// <param name="logits">The model's own, [V].</param>
    /// <param name="sequence">Whose they are.</param>
    /// <exception cref="InvalidOperationException">A processor left NaN behind, or forbade every token.</exception>
    public ReadOnlySpan<float> Apply(ReadOnlySpan<float> logits, Sequence sequence)
    {
        if (settings.IsEmpty)
        {
            return logits;
        }

        logits.CopyTo(_changed);
        if (sequence.Counts is { } counts)
        {
            Penalize(counts);
        }

        foreach (var (id, bias) in settings.Bias)
        {
            _changed[id] += bias;
        }

        for (var i = 0; i < settings.Processors.Count; i++)
        {
            settings.Processors[i].Process(new LogitsContext(sequence.Index, sequence.Prompt, sequence.ProducedSpan, _changed));
        }

        return _changed;
    }

    private void Penalize(TokenCounts counts)
    {
        foreach (var id in counts.Seen)
        {
            ref var logit = ref _changed[id];
            logit = logit > 0 ? logit / settings.RepetitionPenalty : logit * settings.RepetitionPenalty;
            if (counts.ProducedTimes(id) is > 0 and var times)
            {
                logit -= (settings.FrequencyPenalty * times) + settings.PresencePenalty;
            }
        }
    }
}

/// <summary>Which tokens a sequence has had, and how often its answer has.</summary>
internal sealed class TokenCounts
{
    private readonly int[] _times;
    private readonly bool[] _isSeen;
    private readonly int[] _seen;
    private int _seenCount;

    /// <summary>Counts of a prompt.</summary>
    public TokenCounts(ReadOnlySpan<int> prompt, int vocabSize)
    {
        (_times, _isSeen, _seen) = (new int[vocabSize], new bool[vocabSize], new int[vocabSize]);
        foreach (var id in prompt)
        {
            See(id);
        }
    }

    /// <summary>Ids of prompt and answer, each once.</summary>
    public ReadOnlySpan<int> Seen => _seen.AsSpan(0, _seenCount);

    /// <summary>Times that the answer has an id.</summary>
    public int ProducedTimes(int id) => _times[id];

    /// <summary>Counts a token of the answer.</summary>
    public void Add(int id)
    {
        See(id);
        _times[id]++;
    }

    // <pause> has no logit.
    private void See(int id)
    {
        if (id < _isSeen.Length && !_isSeen[id])
        {
            _isSeen[id] = true;
            _seen[_seenCount++] = id;
        }
    }
}
