namespace PauseOnnx.Runtime;

/// <summary>A token as it is produced.</summary>
public sealed record GeneratedToken
{
    /// <summary>Its id.</summary>
    public required int Id { get; init; }

    /// <summary>
    /// Text that is now safe to show: whole characters, no beginning of a stop string. Empty where the token completes none;
    /// all these texts together are the answer.
    /// </summary>
    public required string Text { get; init; }

    /// <summary>Natural logarithm of its probability; null unless <see cref="GenerationOptions.LogProbs"/> asks for it.</summary>
    public double? LogProb { get; init; }

    /// <summary>The most likely tokens at its place, as many as <see cref="GenerationOptions.LogProbs"/> says, the likeliest first.</summary>
    public IReadOnlyList<TokenLogProb> TopLogProbs { get; init; } = [];

    /// <summary>Time since the generation began.</summary>
    public required TimeSpan Elapsed { get; init; }

    /// <summary>Why the answer ends with this token; <see cref="FinishReason.None"/> where it goes on.</summary>
    public required FinishReason FinishReason { get; init; }
}

/// <summary>A whole answer.</summary>
public sealed record Completion
{
    /// <summary>Its text, without stop token and stop string.</summary>
    public required string Text { get; init; }

    /// <summary>Its ids, with them.</summary>
    public required IReadOnlyList<int> Ids { get; init; }

    /// <summary>Why it ended.</summary>
    public required FinishReason FinishReason { get; init; }

    /// <summary>Natural logarithms of the probabilities of <see cref="Ids"/>; null unless <see cref="GenerationOptions.LogProbs"/> asks for them.</summary>
    public IReadOnlyList<double>? LogProbs { get; init; }

    /// <summary>The most likely tokens at each place; null unless <see cref="GenerationOptions.LogProbs"/> asks for some.</summary>
    public IReadOnlyList<IReadOnlyList<TokenLogProb>>? TopLogProbs { get; init; }

    /// <summary>Length of the prompt, in tokens, without pauses.</summary>
    public required int PromptTokens { get; init; }

    /// <summary>Pauses after the prompt, in tokens.</summary>
    public required int PauseCount { get; init; }

    /// <summary>From the beginning of the batch to its first tokens.</summary>
    public required TimeSpan TimeToFirstToken { get; init; }

    /// <summary>From the beginning of the batch to its end.</summary>
    public required TimeSpan Duration { get; init; }
}
