namespace PauseOnnx.Runtime;

/// <summary>How to continue a prompt. Null means "what the model was trained with".</summary>
public sealed record GenerationOptions
{
    /// <summary>Longest answer, in tokens. A sequence also ends where the model's context does.</summary>
    /// <value>null: <c>max_new_tokens</c> of generation_config.json, or 256.</value>
    public int? MaxNewTokens { get; init; }

    /// <summary>Divides the logits before sampling; 0 always takes the most likely token.</summary>
    /// <value>
    /// null: as generation_config.json says; without <c>do_sample</c> there, 0 unless <see cref="TopK"/> or
    /// <see cref="TopP"/> asks for sampling.
    /// </value>
    public double? Temperature { get; init; }

    /// <summary>Sample among this many most likely tokens; 0 for all.</summary>
    /// <value>null: as generation_config.json says.</value>
    public int? TopK { get; init; }

    /// <summary>Sample among the most likely tokens that together reach this probability, above 0, at most 1.</summary>
    /// <value>null: as generation_config.json says.</value>
    public double? TopP { get; init; }

    /// <summary>
    /// Start of the random numbers. The same seed, prompt and place in the batch give the same answer, whatever the other
    /// prompts of the batch are.
    /// </summary>
    /// <value>null: another one every time.</value>
    public int? Seed { get; init; }

    /// <summary>M_inf: pauses appended to each prompt, in tokens.</summary>
    /// <value>null: the graph's own. Another is possible only where <see cref="PauseModel.IsPauseCountDynamic"/>.</value>
    public int? PauseCount { get; init; }

    /// <summary>Ids that end a sequence; empty to go on until <see cref="MaxNewTokens"/>.</summary>
    /// <value>null: <c>eos_token_id</c> of generation_config.json.</value>
    public IReadOnlyList<int>? StopTokens { get; init; }
}
