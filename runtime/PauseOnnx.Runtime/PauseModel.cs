using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Text;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>
/// An exported model: text in, text out. The graph itself appends the pauses to a prompt and ignores their outputs.
/// </summary>
/// <remarks>
/// Thread-safe and meant to be shared. Generators that are still running when the model is disposed go on to their end.
/// </remarks>
public sealed class PauseModel : IDisposable
{
    private readonly DecoderSession _session;
    private int _isDisposed;

    private PauseModel(ModelFolder folder)
    {
        _session = folder.Session;
        (Tokenizer, GenerationDefaults) = (folder.Tokenizer, folder.GenerationDefaults);
    }

    /// <summary>Name of the model, as its graph says; measurements carry it.</summary>
    public string Name => _session.Name;

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config => _session.Config;

    /// <summary>Text to ids and back.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>What generation_config.json says.</summary>
    public GenerationConfig GenerationDefaults { get; }

    /// <summary>Positions that a sequence can have, pauses included: the model's, or fewer where the graph's cache has fewer.</summary>
    public int MaxLength => _session.MaxLength;

    /// <summary>What numbers the loaded graph holds and computes with.</summary>
    public GraphPrecision Precision => _session.Precision;

    /// <summary>M_inf, in tokens: baked into the graph, or the default of one that lets a call choose.</summary>
    public int PauseCount => _session.PauseCount;

    /// <summary>Whether the pause count is an input of the graph, so that any costs the same.</summary>
    public bool IsPauseCountDynamic => _session.IsPauseCountDynamic;

    /// <summary>
    /// Whether <see cref="GenerationOptions.PauseCount"/> may differ from <see cref="PauseCount"/>. Where it is baked into a
    /// graph with a growing cache, the pauses are fed as tokens and the head runs on every position of the prompt.
    /// </summary>
    public bool CanChoosePauseCount => _session.CanChoosePauseCount;

    /// <summary>Whether keys and values lie in the processor's memory, so that a search can copy them.</summary>
    internal bool IsCacheOnHost => _session.IsCacheOnHost;

    /// <summary>Loads a model and checks that its files fit together.</summary>
    /// <param name="folder">A folder written by <c>pauseonnx export</c>.</param>
    /// <param name="options">null for the defaults.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ModelFormatException">Files are missing, not valid or contradictory; all faults are listed.</exception>
    /// <exception cref="ArgumentException">Options are out of range; all of them are listed.</exception>
    /// <exception cref="ExecutionProviderException">The execution provider is not there, or cannot load the graph.</exception>
    public static PauseModel Load(string folder, PauseModelOptions? options = null)
    {
        ArgumentException.ThrowIfNullOrEmpty(folder);
        return new PauseModel(ModelFolder.Load(folder, options ?? new PauseModelOptions()));
    }

    /// <summary>Continues a prompt; yields the answer piece by piece as it is computed.</summary>
    /// <param name="prompt">What to continue.</param>
    /// <param name="options">null for what the model was trained with.</param>
    /// <param name="cancellationToken">Cancels, also inside a long first call.</param>
    /// <returns>
    /// Pieces of text, none empty, none ending inside a character; without stop token and stop string. Each enumeration is a
    /// generation of its own. A search (<see cref="GenerationOptions.BeamWidth"/>) yields all at its end.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The prompt is empty or longer than the context, or options are out of range (thrown at once); all faults are listed.
    /// </exception>
    /// <exception cref="FormatException">The vocabulary lacks a character of the prompt (thrown at once).</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IAsyncEnumerable<string> GenerateAsync(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        TokenStream.TextOf(GenerateTokensAsync(prompt, options, cancellationToken));

    /// <inheritdoc cref="GenerateAsync"/>
    /// <summary>Continues a prompt; yields the answer token by token as it is computed, with log-probabilities and times.</summary>
    /// <returns>Every token of the answer, a stop token at the end included.</returns>
    public IAsyncEnumerable<GeneratedToken> GenerateTokensAsync(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var settings = Resolve(options);
        ThrowIfNotOneAnswer(settings);
        int[] ids = Tokenizer.Encode(prompt, addSpecialTokens: true);
        PromptChecks.ThrowIfAny([ids], _session, settings.PauseCount);
        return settings.BeamWidth == 1
            ? TokenStream.Of(() => new PromptSource(CreateGenerator([ids], settings, Tokenizer)), cancellationToken)
            : TokenStream.Of(() => new BeamSource(token => Search(ids, settings, () => { }, token)[0], ids, settings, Config.OrdinaryVocabSize, Tokenizer), cancellationToken);
    }

    /// <summary>Continues several prompts together, each to its own end; a long beginning that several share is computed once.</summary>
    /// <param name="prompts">What to continue; they may differ in length.</param>
    /// <param name="options">null for what the model was trained with.</param>
    /// <param name="cancellationToken">Cancels, also inside a long first call.</param>
    /// <returns>
    /// The answers in the order of the prompts, for each as many as <see cref="GenerationOptions.NumReturnSequences"/> says;
    /// those of a search the best first, and fewer where it found fewer.
    /// </returns>
    /// <exception cref="ArgumentException">There is no prompt, one is empty or longer than the context, or options are out of range; all faults are listed.</exception>
    /// <exception cref="FormatException">The vocabulary lacks a character of a prompt.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    [OverloadResolutionPriority(1)] // Of an empty list, nobody knows whether texts or ids are not in it.
    public Task<IReadOnlyList<Completion>> GenerateBatchAsync(
        IReadOnlyList<string> prompts, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        return GenerateBatchAsync([.. prompts.Select(p => Tokenizer.Encode(p, addSpecialTokens: true))], options, cancellationToken);
    }

    /// <inheritdoc cref="GenerateBatchAsync(IReadOnlyList{string}, GenerationOptions?, CancellationToken)"/>
    /// <summary>Continues several prompts of ids together, each to its own end.</summary>
    /// <param name="prompts">Ids of the prompts, <c>&lt;pause&gt;</c> allowed; nothing is added at their ends but the pauses.</param>
    /// <exception cref="ArgumentException">There is no prompt, one is empty, too long or holds unknown ids, or options are out of range; all faults are listed.</exception>
    public Task<IReadOnlyList<Completion>> GenerateBatchAsync(
        IReadOnlyList<int[]> prompts, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        var settings = Resolve(options);
        PromptChecks.ThrowIfAny(prompts, _session, settings.PauseCount);
        return Task.Run(() => settings.BeamWidth == 1 ? GenerateBatch(prompts, settings, cancellationToken) : SearchBatch(prompts, settings, cancellationToken), cancellationToken);
    }

    /// <summary>Tells how likely given continuations are, in batches; a prompt that several share is computed once.</summary>
    /// <param name="requests">Prompts and continuations.</param>
    /// <param name="options">null for the defaults.</param>
    /// <param name="cancellationToken">Cancels, also inside a call of the graph.</param>
    /// <returns>A score for each request, in their order.</returns>
    /// <exception cref="ArgumentException">A prompt or continuation is empty, both together are longer than the context, or an option is out of range; all faults are listed.</exception>
    /// <exception cref="FormatException">The vocabulary lacks a character.</exception>
    /// <exception cref="InvalidOperationException">The graph fails.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<IReadOnlyList<ContinuationScore>> ScoreAsync(
        IReadOnlyList<ScoringRequest> requests, ScoringOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        return ScoreTokensAsync([.. requests.Select(r => new TokenScoringRequest(Tokenizer.Encode(r.Prompt, addSpecialTokens: true), Tokenizer.Encode(r.Continuation)))], options, cancellationToken);
    }

    /// <inheritdoc cref="ScoreAsync"/>
    /// <summary>Tells how likely given continuations are, as ids, in batches; a prompt that several share is computed once.</summary>
    /// <exception cref="ArgumentException">A prompt or continuation is empty or holds unknown ids, both together are longer than the context, or an option is out of range; all faults are listed.</exception>
    public Task<IReadOnlyList<ContinuationScore>> ScoreTokensAsync(
        IReadOnlyList<TokenScoringRequest> requests, ScoringOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(requests);
        options ??= new ScoringOptions();
        var settings = Resolve(new GenerationOptions { PauseCount = options.PauseCount });
        ArgumentOutOfRangeException.ThrowIfLessThan(options.BatchSize, 1);
        PromptChecks.ThrowIfAnyRequest(requests, _session, settings.PauseCount);
        return Task.Run<IReadOnlyList<ContinuationScore>>(() => new Scorer(_session, settings.PauseCount, options.BatchSize).Score(requests, cancellationToken), cancellationToken);
    }

    /// <summary>Starts a batch of sequences, to be stepped through token by token.</summary>
    /// <param name="prompts">Ids of the prompts; they may differ in length.</param>
    /// <param name="options">null for what the model was trained with.</param>
    /// <exception cref="ArgumentException">There is no prompt, one is empty, too long or holds unknown ids, or options are out of range; all faults are listed.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public Generator CreateGenerator(IReadOnlyList<int[]> prompts, GenerationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        var settings = Resolve(options);
        if (settings.BeamWidth > 1)
        {
            throw new ArgumentException($"BeamWidth is {settings.BeamWidth}, but a search has no tokens before its end; expected 1, or {nameof(GenerateBatchAsync)}.");
        }

        return CreateGenerator(prompts, settings, settings.StopStrings.Count > 0 ? Tokenizer : null);
    }

    /// <summary>Starts a conversation: a text that grows by turns, with what was computed kept between them.</summary>
    /// <param name="options">null for the defaults.</param>
    /// <exception cref="ArgumentException">Options are out of range, or not possible with this graph; all faults are listed.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public Conversation CreateConversation(ConversationOptions? options = null)
    {
        options ??= new ConversationOptions();
        var settings = Resolve(new GenerationOptions { PauseCount = options.PauseCount, WhenContextFull = options.WhenFull });
        PromptChecks.ThrowIfUnfit(options, _session);
        return new Conversation(this, _session, options, settings.PauseCount);
    }

    /// <summary>Unloads the graph as soon as no generator needs it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _session.Release();
        }
    }

    /// <summary>Fills in and checks options.</summary>
    internal GenerationSettings Resolve(GenerationOptions? options)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        return GenerationSettings.Resolve(options ?? new GenerationOptions(), this);
    }

    /// <summary>A stream has one answer.</summary>
    internal static void ThrowIfNotOneAnswer(GenerationSettings settings)
    {
        if (settings.NumReturnSequences > 1)
        {
            throw new ArgumentException($"NumReturnSequences is {settings.NumReturnSequences}, but a stream has one answer; expected 1, or {nameof(GenerateBatchAsync)}.");
        }
    }

    private Generator CreateGenerator(IReadOnlyList<int[]> prompts, GenerationSettings settings, Tokenizer? tokenizer) => new(_session, prompts, settings, tokenizer);

    private IReadOnlyList<Completion> GenerateBatch(IReadOnlyList<int[]> prompts, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        using var generator = CreateGenerator(prompts, settings, Tokenizer);
        var texts = Enumerable.Range(0, generator.BatchSize).Select(_ => new StringBuilder()).ToArray();
        var first = TimeSpan.Zero;
        var isRunning = Enumerable.Repeat(true, texts.Length).ToArray();
        while (generator.Step(cancellationToken))
        {
            first = first == TimeSpan.Zero ? Stopwatch.GetElapsedTime(begin) : first;
            for (var i = 0; i < texts.Length; i++)
            {
                texts[i].Append(isRunning[i] ? generator[i].Piece : "");
                isRunning[i] = generator[i].IsRunning;
            }
        }

        return [.. texts.Select((text, i) => Complete(generator[i], text.ToString(), settings, first, Stopwatch.GetElapsedTime(begin)))];
    }

    private static Completion Complete(Sequence sequence, string text, GenerationSettings settings, TimeSpan first, TimeSpan duration) => new()
    {
        Text = text,
        Ids = sequence.Produced,
        FinishReason = sequence.Reason,
        LogProbs = sequence.LogProbs,
        TopLogProbs = sequence.TopLogProbs,
        PromptTokens = sequence.Prompt.Length,
        PauseCount = settings.PauseCount,
        TimeToFirstToken = first,
        Duration = duration,
    };

    private IReadOnlyList<Completion> SearchBatch(IReadOnlyList<int[]> prompts, GenerationSettings settings, CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        var answers = new List<Completion>();
        foreach (var prompt in prompts)
        {
            var first = TimeSpan.Zero;
            var found = Search(prompt, settings, () => first = Stopwatch.GetElapsedTime(begin), cancellationToken);
            answers.AddRange(found.Select(h => new Completion
            {
                Text = Tokenizer.Decode(h.Reason == FinishReason.StopToken ? h.Ids.SkipLast(1) : h.Ids),
                Ids = h.Ids,
                FinishReason = h.Reason,
                LogProbs = settings.LogProbs is null ? null : h.LogProbs,
                PromptTokens = prompt.Length,
                PauseCount = settings.PauseCount,
                TimeToFirstToken = first,
                Duration = Stopwatch.GetElapsedTime(begin),
            }));
        }

        return answers;
    }

    private IReadOnlyList<Hypothesis> Search(int[] prompt, GenerationSettings settings, Action firstToken, CancellationToken cancellationToken) =>
        new BeamSearch(_session, settings).Run(prompt, firstToken, cancellationToken);
}
