namespace PauseOnnx.Runtime;

/// <summary>
/// A text that grows by turns. What was computed is kept, so a turn costs what is new in it. It can go back to an earlier
/// point, and several can go on from one beginning.
/// </summary>
/// <remarks>
/// For one user at a time: a call during an answer is refused. It holds keys and values until disposed; the model may be
/// disposed before it. Answers are those that computing the same ids from scratch gives.
/// </remarks>
public sealed class Conversation : IDisposable
{
    private readonly PauseModel _model;
    private readonly DecoderSession _session;
    private readonly ConversationOptions _options;
    private readonly int _pauseCount;
    private readonly List<int> _ids = [];
    private readonly List<int> _answerStarts = [];
    private readonly DecoderCalls _calls;
    private int _state;

    internal Conversation(PauseModel model, DecoderSession session, ConversationOptions options, int pauseCount)
    {
        (_model, _session, _options, _pauseCount) = (model, session, options, pauseCount);
        MaxLength = options.MaxLength ?? session.MaxLength;
        _calls = new DecoderCalls(session, batch: 1, MaxLength);
    }

    /// <summary>All tokens so far, also those of <c>&lt;pause&gt;</c>; a live view.</summary>
    public IReadOnlyList<int> Ids => _ids;

    /// <summary>Number of <see cref="Ids"/>: a point to <see cref="Rewind"/> to.</summary>
    public int Length => _ids.Count;

    /// <summary>Tokens of which some or all are computed already; the others are computed by the next answer.</summary>
    public int ComputedLength => _calls.Length;

    /// <summary>Longest it may become, in tokens with pauses.</summary>
    public int MaxLength { get; }

    /// <summary>Adds text that needs no answer, such as instructions. It is computed with the next answer, or by <see cref="ComputeAsync"/>.</summary>
    /// <exception cref="ArgumentException">It does not fit into the context.</exception>
    /// <exception cref="FormatException">The vocabulary lacks a character of it.</exception>
    /// <exception cref="InvalidOperationException">An answer is being written.</exception>
    public void Append(string text)
    {
        ArgumentNullException.ThrowIfNull(text);
        Append(Encode(text));
    }

    /// <summary>Adds tokens that need no answer.</summary>
    /// <param name="ids">Also <c>&lt;pause&gt;</c> where one should stand.</param>
    /// <exception cref="ArgumentException">They do not fit into the context, or one is not in the vocabulary.</exception>
    /// <exception cref="InvalidOperationException">An answer is being written.</exception>
    public void Append(ReadOnlySpan<int> ids)
    {
        using var use = Use();
        Add(ids, pauses: 0);
    }

    /// <summary>Adds pauses as before an answer, to stand before one that is not generated but given.</summary>
    /// <exception cref="ArgumentException">They do not fit into the context.</exception>
    /// <exception cref="InvalidOperationException">An answer is being written.</exception>
    public void AppendPauses()
    {
        using var use = Use();
        Add([], _pauseCount);
    }

    /// <summary>Computes what was appended, so that the next answer comes sooner and forks share it.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the conversation is as it was.</exception>
    /// <exception cref="InvalidOperationException">An answer is being written, or the graph fails.</exception>
    public Task ComputeAsync(CancellationToken cancellationToken = default) => Task.Run(
        () =>
        {
            using var use = Use();
            Compute(cancellationToken);
        },
        cancellationToken);

    /// <summary>Adds text, pauses as the policy says, and an answer; yields its text as it is computed.</summary>
    /// <param name="text">What is new; empty to go on from what is there.</param>
    /// <param name="options">How to answer; <see cref="GenerationOptions.PauseCount"/> and <see cref="GenerationOptions.WhenContextFull"/> are the conversation's own.</param>
    /// <param name="cancellationToken">Cancels; what was produced until then stays.</param>
    /// <exception cref="ArgumentException">The text does not fit into the context, or options are out of range; all faults are listed (thrown at once).</exception>
    /// <exception cref="FormatException">The vocabulary lacks a character of the text (thrown at once).</exception>
    /// <exception cref="InvalidOperationException">Another answer is being written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    public IAsyncEnumerable<string> GenerateAsync(string text, GenerationOptions? options = null, CancellationToken cancellationToken = default) =>
        TokenStream.TextOf(GenerateTokensAsync(text, options, cancellationToken));

    /// <inheritdoc cref="GenerateAsync"/>
    /// <summary>Adds text, pauses as the policy says, and an answer; yields its tokens as they are computed.</summary>
    public IAsyncEnumerable<GeneratedToken> GenerateTokensAsync(string text, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(text);
        return GenerateTokensAsync(Encode(text), options, cancellationToken);
    }

    /// <inheritdoc cref="GenerateTokensAsync(string, GenerationOptions?, CancellationToken)"/>
    /// <summary>Adds tokens, pauses as the policy says, and an answer; yields its tokens as they are computed.</summary>
    /// <param name="ids">What is new; empty to go on from what is there.</param>
    public IAsyncEnumerable<GeneratedToken> GenerateTokensAsync(ReadOnlyMemory<int> ids, GenerationOptions? options = null, CancellationToken cancellationToken = default)
    {
        var settings = _model.Resolve(options) with { PauseCount = _pauseCount, WhenContextFull = _options.WhenFull };
        PauseModel.ThrowIfNotOneAnswer(settings);
        var pauses = _options.Pauses switch
        {
            PausePolicy.EachTurn => _pauseCount,
            PausePolicy.FirstTurn when _answerStarts.Count == 0 => _pauseCount,
            _ => 0,
        };
        ThrowIfUnfit(ids.Span, pauses);
        return TokenStream.Of(() => new Turn(this, ids, pauses, settings), cancellationToken);
    }

    /// <summary>Goes back to an earlier point. What was computed up to there stays.</summary>
    /// <param name="length">Tokens to keep, from 0 to <see cref="Length"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such point.</exception>
    /// <exception cref="InvalidOperationException">An answer is being written.</exception>
    public void Rewind(int length)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(length);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(length, Length);
        using var use = Use();
        _ids.RemoveRange(length, _ids.Count - length);
        _answerStarts.RemoveAll(start => start > length);
        ForgetComputed(length);
    }

    /// <summary>A conversation that goes on from the same point, with a copy of what was computed.</summary>
    /// <exception cref="InvalidOperationException">An answer is being written.</exception>
    /// <exception cref="InsufficientMemoryException">The copy does not fit into memory.</exception>
    public Conversation Fork()
    {
        using var use = Use();
        var fork = new Conversation(_model, _session, _options, _pauseCount);
        try
        {
            fork._ids.AddRange(_ids);
            fork._answerStarts.AddRange(_answerStarts);
            if (_session.IsCacheOnHost && ComputedLength > 0)
            {
                fork._calls.CopyFrom(_calls, [0]);
            }

            return fork;
        }
        catch
        {
            fork.Dispose();
            throw;
        }
    }

    /// <summary>Releases the keys and values, at once or when the answer that is being written ends.</summary>
    public void Dispose()
    {
        while (Volatile.Read(ref _state) is var state and (States.Free or States.Busy))
        {
            var next = state == States.Free ? States.Disposed : States.BusyAndDisposed;
            if (Interlocked.CompareExchange(ref _state, next, state) == state && state == States.Free)
            {
                _calls.Dispose();
            }
        }
    }

    private int[] Encode(string text) => text.Length == 0 ? [] : _model.Tokenizer.Encode(text, addSpecialTokens: _ids.Count == 0);

    private void Add(ReadOnlySpan<int> ids, int pauses)
    {
        ThrowIfUnfit(ids, pauses);
        if (_ids.Count + ids.Length + pauses > MaxLength)
        {
            Slide(ids.Length + pauses);
        }

        _ids.AddRange(ids);
        _ids.AddRange(Enumerable.Repeat(_session.Config.Pause?.TokenId ?? 0, pauses));
    }

    private void ThrowIfUnfit(ReadOnlySpan<int> ids, int pauses)
    {
        var room = MaxLength - (_options.WhenFull == ContextPolicy.Stop ? Length : 0);
        if (ids.Length + pauses > room)
        {
            throw new ArgumentException($"The conversation has {Length} tokens and is to get {ids.Length}, with {pauses} pauses; expected at most {MaxLength} together: rewind it, or create it with WhenFull {nameof(ContextPolicy.Slide)}.");
        }

        foreach (var id in ids)
        {
            if (id < 0 || id >= _session.Config.VocabSize)
            {
                throw new ArgumentException($"The text holds the id {id}; expected ids from 0 to {_session.Config.VocabSize - 1}.");
            }
        }
    }

    // Keeps the newer half, or less where more room is needed; not the rest of a delay that was cut in two.
    private void Slide(int room)
    {
        var kept = Math.Min(Math.Max(Math.Min((MaxLength - _pauseCount) / 2, MaxLength - room), 0), _ids.Count);
        _ids.RemoveRange(0, _ids.Count - kept);
        _ids.RemoveRange(0, _ids.TakeWhile(id => id == _session.Config.Pause?.TokenId).Count());
        _answerStarts.Clear();
        _answerStarts.Add(0);
        _calls.Reset();
    }

    // What is not computed yet, at least the last token: its logits choose the next.
    private void Compute(CancellationToken cancellationToken)
    {
        if (_ids.Count > 0 && ComputedLength == 0)
        {
            Begin(cancellationToken);
        }
        else if (_ids.Count == ComputedLength + 1)
        {
            _calls.Step([_ids[^1]], [true], cancellationToken);
        }

        if (_ids.Count > ComputedLength)
        {
            _calls.Extend([[.. _ids.Skip(ComputedLength)]], null, cancellationToken);
        }
    }

    // The graph's own delay, where the conversation has one of its length; otherwise every pause is fed as a token.
    private void Begin(CancellationToken cancellationToken)
    {
        var (start, count) = FindDelay();
        if (start > 0)
        {
            _calls.Prefill([[.. _ids.Take(start)]], count, cancellationToken);
        }
        else if (_session.CanChoosePauseCount || _session.PauseCount == 0)
        {
            _calls.Prefill([[.. _ids]], 0, cancellationToken);
        }
        else
        {
            throw new InvalidOperationException($"The conversation has nowhere {_session.PauseCount} pauses in a row, which the graph has baked in beside a shared cache; expected them before an answer. Export with '--pause-count dynamic' to choose pauses freely.");
        }
    }

    // Place and length of the first pauses in a row that the graph can append by itself; (0, 0) for none.
    private (int Start, int Count) FindDelay()
    {
        var count = 0;
        for (var i = 0; i <= _ids.Count; i++)
        {
            if (i < _ids.Count && _ids[i] == _session.Config.Pause?.TokenId)
            {
                count++;
                continue;
            }

            if (count > 0 && i > count && (_session.IsPauseCountDynamic || count == _session.PauseCount))
            {
                return (i - count, count);
            }

            count = 0;
        }

        return (0, 0);
    }

    private void ForgetComputed(int length)
    {
        if (ComputedLength <= length)
        {
            return;
        }

        if (length > 0 && _calls.CanTruncate(length))
        {
            _calls.Truncate(length);
        }
        else
        {
            _calls.Reset();
        }
    }

    private Usage Use()
    {
        var found = Interlocked.CompareExchange(ref _state, States.Busy, States.Free);
        ObjectDisposedException.ThrowIf(found is States.Disposed or States.BusyAndDisposed, this);
        return found == States.Free ? new Usage(this) : throw new InvalidOperationException("The conversation is writing an answer; expected one use at a time: await its end, or fork the conversation first.");
    }

    private static class States
    {
        public const int Free = 0;
        public const int Busy = 1;
        public const int Disposed = 2;
        public const int BusyAndDisposed = 3;
    }

    // Lets others use the conversation again, or disposes it where somebody asked for that meanwhile.
    private readonly struct Usage(Conversation conversation) : IDisposable
    {
        public void Dispose()
        {
            if (Interlocked.CompareExchange(ref conversation._state, States.Free, States.Busy) == States.BusyAndDisposed)
            {
                conversation._calls.Dispose();
            }
        }
    }

    /// <summary>One answer.</summary>
    private sealed class Turn : ITokenSource
    {
        private readonly Conversation _conversation;
        private readonly Usage _use;
        private readonly TokenChooser _chooser;
        private readonly int _pauses;
        private TelemetryCall _measured;
        private Exception? _error;
        private int _steps;

        public Turn(Conversation conversation, ReadOnlyMemory<int> ids, int pauses, GenerationSettings settings)
        {
            (_conversation, _pauses) = (conversation, pauses);
            _use = conversation.Use();
            try
            {
                conversation.Add(ids.Span, pauses);
                if (conversation.Length == 0)
                {
                    throw new ArgumentException("The conversation is empty; expected at least one token before the first answer.");
                }

                // Nothing new: the last token is computed again, as its logits are gone.
                conversation.ForgetComputed(conversation.Length - 1);
                conversation._answerStarts.Add(conversation.Length);
                var vocabSize = conversation._session.Config.OrdinaryVocabSize;
                int[] prompt = [.. conversation._ids.Where(id => id < vocabSize)];
                Sequence = new Sequence(0, prompt, conversation.Room, settings, vocabSize, conversation._model.Tokenizer);
                _chooser = new TokenChooser(settings, vocabSize, batch: 1);
                _measured = Telemetry.Start(conversation._session.Name, conversation.Length - conversation.ComputedLength - pauses, pauses);
            }
            catch
            {
                _use.Dispose();
                throw;
            }
        }

        public Sequence Sequence { get; }

        public bool Step(CancellationToken cancellationToken)
        {
            if (!Sequence.IsRunning)
            {
                return false;
            }

            if (Sequence.IsFull)
            {
                _conversation.Slide(_pauses);
                _conversation.Add([], _pauses);
                Sequence.Room = _conversation.Room;
            }

            try
            {
                _conversation.Compute(cancellationToken);
                _conversation._ids.Add(_chooser.Choose(_conversation._calls.Logits, Sequence));
            }
            catch (Exception e)
            {
                _error = e;
                throw;
            }

            Telemetry.FirstToken(ref _measured);
            _steps++;
            return true;
        }

        public void Dispose()
        {
            Telemetry.End(ref _measured, Sequence.Produced.Count, _steps, [Sequence.Reason], Sequence.IsRunning ? _error : null);
            _use.Dispose();
        }
    }

    // The last token is only produced and needs no position.
    private int Room => MaxLength - Length + 1;
}
