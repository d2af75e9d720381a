using System.Runtime.CompilerServices;
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

    /// <summary>The shape of the model.</summary>
    public ModelConfig Config => _session.Config;

    /// <summary>Text to ids and back.</summary>
    public Tokenizer Tokenizer { get; }

    /// <summary>What generation_config.json says.</summary>
    public GenerationConfig GenerationDefaults { get; }

    /// <summary>What numbers the loaded graph holds and computes with.</summary>
    public GraphPrecision Precision => _session.Precision;

    /// <summary>M_inf, in tokens: baked into the graph, or the default of one that lets a call choose.</summary>
    public int PauseCount => _session.PauseCount;

    /// <summary>Whether <see cref="GenerationOptions.PauseCount"/> may differ from <see cref="PauseCount"/>.</summary>
    public bool IsPauseCountDynamic => _session.IsPauseCountDynamic;

    /// <summary>Loads a model and checks that its files fit together.</summary>
    /// <param name="folder">A folder written by <c>pauseonnx export</c>.</param>
    /// <param name="options">null for the defaults.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="ModelFormatException">Files are missing, not valid or contradictory; all faults are listed.</exception>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
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
    /// Pieces of text, none empty, none ending inside a character; without the stop token. Each enumeration is a generation
    /// of its own.
    /// </returns>
    /// <exception cref="ArgumentException">
    /// The prompt is empty or longer than the context, or options are out of range (thrown at once); all faults are listed.
    /// </exception>
    /// <exception cref="FormatException">The vocabulary lacks a character of the prompt (thrown at once).</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IAsyncEnumerable<string> GenerateAsync(string prompt, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompt);
        var settings = Resolve(options);
        int[][] prompts = [Tokenizer.Encode(prompt, addSpecialTokens: true)];
        PromptChecks.ThrowIfAny(prompts, _session, settings.PauseCount);
        return Stream(prompts, settings, cancellationToken);
    }

    /// <summary>Continues several prompts together.</summary>
    /// <param name="prompts">What to continue; they may differ in length.</param>
    /// <param name="options">null for what the model was trained with.</param>
    /// <param name="cancellationToken">Cancels, also inside a long first call.</param>
    /// <returns>The answers in the order of the prompts, without the stop token.</returns>
    /// <exception cref="ArgumentException">There is no prompt, one is empty or longer than the context, or options are out of range; all faults are listed.</exception>
    /// <exception cref="FormatException">The vocabulary lacks a character of a prompt.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public Task<IReadOnlyList<string>> GenerateBatchAsync(
        IReadOnlyList<string> prompts, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        int[][] ids = [.. prompts.Select(p => Tokenizer.Encode(p, addSpecialTokens: true))];
        return Task.Run(() => GenerateBatch(ids, options, cancellationToken), cancellationToken);
    }

    /// <summary>Continues token ids step by step, for callers that want more than text.</summary>
    /// <param name="prompts">One or more prompts, unequal in length if need be; copied.</param>
    /// <param name="options">null for what the model was trained with.</param>
    /// <returns>A generator, to be disposed by the caller.</returns>
    /// <exception cref="ArgumentException">There is no prompt, one is empty, too long or holds unknown ids, or options are out of range; all faults are listed.</exception>
    /// <exception cref="ObjectDisposedException">The model is disposed.</exception>
    public Generator CreateGenerator(IReadOnlyList<int[]> prompts, GenerationOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(prompts);
        return CreateGenerator(prompts, Resolve(options));
    }

    /// <summary>Unloads the graph as soon as no generator needs it.</summary>
    public void Dispose()
    {
        if (Interlocked.Exchange(ref _isDisposed, 1) == 0)
        {
            _session.Release();
        }
    }

    private GenerationSettings Resolve(GenerationOptions? options)
    {
        ObjectDisposedException.ThrowIf(_isDisposed != 0, this);
        return GenerationSettings.Resolve(options ?? new GenerationOptions(), this);
    }

    private Generator CreateGenerator(IReadOnlyList<int[]> prompts, GenerationSettings settings) =>
        new(_session, prompts, settings, GenerationDefaults.PadTokenId ?? Tokenizer.PadId ?? 0);

    private async IAsyncEnumerable<string> Stream(int[][] prompts, GenerationSettings settings, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        using var generator = CreateGenerator(prompts, settings);
        var decoder = Tokenizer.CreateDecoder();

        // The work is the processor's: a step runs on the thread pool, so that awaiting it blocks nobody.
        Func<bool> step = () => generator.Step(cancellationToken);
        while (await Task.Run(step, cancellationToken).ConfigureAwait(false))
        {
            var piece = generator.GetFinishReason(0) == FinishReason.StopToken ? "" : decoder.Append(generator.GetIds(0)[^1]);
            if (piece.Length > 0)
            {
                yield return piece;
            }
        }

        if (decoder.Flush() is { Length: > 0 } rest)
        {
            yield return rest;
        }
    }

    private IReadOnlyList<string> GenerateBatch(int[][] prompts, GenerationOptions? options, CancellationToken cancellationToken)
    {
        using var generator = CreateGenerator(prompts, options);
        while (generator.Step(cancellationToken))
        {
        }

        return [.. prompts.Select((_, b) => Tokenizer.Decode(
            generator.GetFinishReason(b) == FinishReason.StopToken ? generator.GetIds(b).SkipLast(1) : generator.GetIds(b)))];
    }
}
