namespace PauseOnnx.Runtime;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>A stop token was produced.</summary>
    StopToken,

    /// <summary><see cref="GenerationOptions.MaxNewTokens"/> were produced.</summary>
    MaxNewTokens,

    /// <summary>The model has no position for a further token, or its graph a buffer of fixed length that is full.</summary>
    ContextEnd,
}

/// <summary>
/// One batch of sequences being continued. The first step computes the prompts and their pauses in one parallel pass,
/// each later step one token a sequence.
/// </summary>
/// <remarks>
/// Not thread-safe; make one for each thread. It holds the keys and values of its sequences until disposed. The model may
/// be disposed before it.
/// </remarks>
public sealed class Generator : IDisposable
{
    private readonly GenerationSettings _settings;
    private readonly int _vocabSize;
    private readonly int _padId;
    private readonly Sampler _sampler;
    private readonly DecoderCalls _calls;
    private readonly AttentionMask _mask;
    private readonly int[] _maxNewTokens;
    private readonly bool[] _isRunning;
    private readonly List<int>[] _produced;
    private readonly FinishReason[] _reasons;
    private long[] _nextIds;
    private bool _isDisposed;

    internal Generator(DecoderSession session, IReadOnlyList<int[]> prompts, GenerationSettings settings, int padId)
    {
        var config = session.Config;
        PromptChecks.ThrowIfAny(prompts, session, settings.PauseCount);
        var batch = prompts.Count;
        var length = prompts.Max(p => p.Length);
        (_settings, _vocabSize, _padId) = (settings, config.OrdinaryVocabSize, padId);

        // The last token is only produced and needs no position. A buffer of fixed length holds the left padding too.
        var bufferRoom = (session.Cache.FixedLength ?? int.MaxValue) - length;
        _maxNewTokens = [.. prompts.Select(p =>
            Math.Min(settings.MaxNewTokens, Math.Min(config.MaxPositionEmbeddings - p.Length, bufferRoom) - settings.PauseCount + 1))];
        _sampler = new Sampler(settings.Sampling, _vocabSize, batch);
        _mask = new AttentionMask(prompts, length, length + _maxNewTokens.Max());
        _nextIds = [.. prompts.SelectMany(p => Enumerable.Repeat(padId, length - p.Length).Concat(p).Select(id => (long)id))];
        _produced = [.. _maxNewTokens.Select(n => new List<int>(n))];
        _reasons = new FinishReason[batch];
        _isRunning = new bool[batch];
        Array.Fill(_isRunning, true);
        var needed = length + settings.PauseCount + _maxNewTokens.Max() - 1;
        _calls = new DecoderCalls(session, batch, settings.PauseCount, session.Cache.FixedLength ?? needed);
    }

    /// <summary>B: number of sequences.</summary>
    public int BatchSize => _produced.Length;

    /// <summary>Whether every sequence has ended.</summary>
    public bool IsDone => !_isRunning.Contains(true);

    /// <summary>Computes the graph once and gives every sequence that has not ended its next token.</summary>
    /// <param name="cancellationToken">Cancels, also inside a long first call. The step can be repeated.</param>
    /// <returns>false, having done nothing, when every sequence has ended; otherwise true.</returns>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="ObjectDisposedException">The generator is disposed.</exception>
    /// <exception cref="InvalidOperationException">The graph fails, or puts out logits that are not finite.</exception>
    public bool Step(CancellationToken cancellationToken = default)
    {
        ObjectDisposedException.ThrowIf(_isDisposed, this);
        if (IsDone)
        {
            return false;
        }

        var logits = _calls.Run(_nextIds, _mask.Values, cancellationToken);
        if (_nextIds.Length > BatchSize)
        {
            _nextIds = new long[BatchSize];
        }

        for (var b = 0; b < BatchSize; b++)
        {
            _nextIds[b] = _isRunning[b] ? Accept(b, _sampler.Next(logits.Slice(b * _vocabSize, _vocabSize), b)) : _padId;
        }

        _mask.Append(_isRunning);
        return true;
    }

    /// <summary>Ids produced for a sequence so far, a stop token at the end included; a live view.</summary>
    /// <param name="sequence">Place of its prompt in the batch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public IReadOnlyList<int> GetIds(int sequence) => _produced[Checked(sequence)];

    /// <summary>Why a sequence ended.</summary>
    /// <param name="sequence">Place of its prompt in the batch, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public FinishReason GetFinishReason(int sequence) => _reasons[Checked(sequence)];

    /// <summary>Releases the keys and values.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _calls.Dispose();
        }
    }

    private int Accept(int sequence, int id)
    {
        var produced = _produced[sequence];
        produced.Add(id);
        if (_settings.StopTokens.Contains(id))
        {
            _reasons[sequence] = FinishReason.StopToken;
        }
        else if (produced.Count == _maxNewTokens[sequence])
        {
            _reasons[sequence] = produced.Count == _settings.MaxNewTokens ? FinishReason.MaxNewTokens : FinishReason.ContextEnd;
        }

        _isRunning[sequence] = _reasons[sequence] == FinishReason.None;
        return id;
    }

    private int Checked(int sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequence, BatchSize);
        return sequence;
    }
}
