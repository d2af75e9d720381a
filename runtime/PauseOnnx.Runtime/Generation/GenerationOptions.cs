namespace PauseOnnx.Runtime;

/// <summary>What to do when a sequence has filled the model's context.</summary>
public enum ContextPolicy
{
    /// <summary>End it, with <see cref="FinishReason.ContextEnd"/>.</summary>
    Stop,

    /// <summary>
    /// Forget the older half of its tokens and go on: what remains is computed anew as a prompt, with pauses after it.
    /// </summary>
    Slide,
}

/// <summary>How to continue a prompt. Null means "what the model was trained with".</summary>
/// <remarks>
/// The logits go, in this order, through the penalties, <see cref="LogitBias"/>, <see cref="LogitsProcessors"/>,
/// <see cref="Temperature"/>, <see cref="TopK"/>, <see cref="TopP"/> and <see cref="MinP"/>. All options are checked together.
/// </remarks>
public sealed record GenerationOptions
{
    /// <summary>Longest answer, in tokens.</summary>
    /// <value>null: <c>max_new_tokens</c> of generation_config.json, or 256.</value>
    public int? MaxNewTokens { get; init; }

    /// <summary>Divides the logits before sampling; 0 always takes the most likely token.</summary>
    /// <value>
    /// null: as generation_config.json says; without <c>do_sample</c> there, 0 unless <see cref="TopK"/>, <see cref="TopP"/>
    /// or <see cref="MinP"/> asks for sampling.
    /// </value>
    public double? Temperature { get; init; }

    /// <summary>Sample among this many most likely tokens; 0 for all.</summary>
    /// <value>null: as generation_config.json says.</value>
    public int? TopK { get; init; }

    /// <summary>Sample among the most likely tokens that together reach this probability, above 0, at most 1.</summary>
    /// <value>null: as generation_config.json says.</value>
    public double? TopP { get; init; }

    /// <summary>Sample among the tokens that are at least this fraction, 0-1, as likely as the most likely one.</summary>
    /// <value>null: 0, all.</value>
    public double? MinP { get; init; }

    /// <summary>
    /// Divides the positive logits, and multiplies the negative ones, of all tokens of prompt and answer; above 1 against
    /// repetition, 1 for none.
    /// </summary>
    /// <remarks>See <see href="https://arxiv.org/abs/1909.05858">Keskar et al., section 4.1</see>.</remarks>
    /// <value>null: 1.</value>
    public double? RepetitionPenalty { get; init; }

    /// <summary>Subtracted from the logit of a token for each time that the answer has it, -2 to 2.</summary>
    /// <value>null: 0.</value>
    public double? FrequencyPenalty { get; init; }

    /// <summary>Subtracted from the logits of the tokens that the answer has, -2 to 2.</summary>
    /// <value>null: 0.</value>
    public double? PresencePenalty { get; init; }

    /// <summary>
    /// Start of the random numbers. The same seed, prompt and place in the batch give the same answer, whatever the other
    /// prompts of the batch are.
    /// </summary>
    /// <value>null: another one every time.</value>
    public int? Seed { get; init; }

    /// <summary>Ids that end a sequence; empty to go on until <see cref="MaxNewTokens"/>.</summary>
    /// <value>null: <c>eos_token_id</c> of generation_config.json.</value>
    public IReadOnlyList<int>? StopTokens { get; init; }

    /// <summary>
    /// Texts that end a sequence. Neither they nor what follows them in the last token is given away, also where they are
    /// spread over several tokens.
    /// </summary>
    /// <value>Empty.</value>
    public IReadOnlyList<string> StopStrings { get; init; } = [];

    /// <summary>Added to the logits of these ids; negative infinity forbids a token.</summary>
    /// <value>Empty.</value>
    public IReadOnlyDictionary<int, float> LogitBias { get; init; } = new Dictionary<int, float>();

    /// <summary>Code that changes the logits before each choice.</summary>
    /// <value>Empty.</value>
    public IReadOnlyList<ILogitsProcessor> LogitsProcessors { get; init; } = [];

    /// <summary>
    /// Report natural logarithms of the probabilities that the model itself gives, before penalties, bias and temperature:
    /// of each chosen token, and of this many most likely ones.
    /// </summary>
    /// <value>null: none; 0: of the chosen tokens only.</value>
    public int? LogProbs { get; init; }

    /// <summary>M_inf: pauses appended to each prompt, in tokens.</summary>
    /// <value>
    /// null: the graph's own. Another costs time where <see cref="PauseModel.IsPauseCountDynamic"/> is not so, and is
    /// impossible where <see cref="PauseModel.CanChoosePauseCount"/> is not.
    /// </value>
    public int? PauseCount { get; init; }

    /// <summary>
    /// Follow this many candidates of each answer and give those whose tokens are the most likely on average; not with
    /// sampling, stop strings or <see cref="ContextPolicy.Slide"/>, and only for whole answers.
    /// </summary>
    /// <value>1: no search.</value>
    public int BeamWidth { get; init; } = 1;

    /// <summary>Answers to each prompt, at most <see cref="BeamWidth"/> when searching.</summary>
    /// <value>1.</value>
    public int NumReturnSequences { get; init; } = 1;

    /// <summary>What to do when a sequence has filled the model's context.</summary>
    /// <value><see cref="ContextPolicy.Stop"/>.</value>
    public ContextPolicy WhenContextFull { get; init; }
}
