namespace PauseOnnx.Runtime;

/// <summary>Sequences that are computed together, a row of each call for each.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class SequenceGroup : IDisposable
{
    private readonly DecoderCalls _calls;
    private readonly Action<CancellationToken> _firstCall;
    private readonly bool _canShrink;
    private Sequence?[] _rows;
    private int[] _nextIds;
    private bool[] _isReal;
    private bool _hasBegun;

    private SequenceGroup(DecoderCalls calls, Sequence[] sequences, Action<CancellationToken> firstCall, bool canShrink)
    {
        (_calls, _rows, _firstCall, _canShrink) = (calls, [.. sequences], firstCall, canShrink);
        (_nextIds, _isReal) = (new int[sequences.Length], new bool[sequences.Length]);
    }

    /// <summary>Bytes of its keys and values.</summary>
    public long CacheBytes => _calls.CacheBytes;

    /// <summary>Whether all its sequences have left.</summary>
    public bool IsEmpty => Array.TrueForAll(_rows, row => row is null);

    /// <summary>Sequences that begin with prompts of their own.</summary>
    /// <param name="session">The graph.</param>
    /// <param name="sequences">For each prompt as many as the settings say.</param>
    /// <param name="prompts">Computed once each, however many answers they get.</param>
    /// <param name="settings">How to answer.</param>
    public static SequenceGroup OfPrompts(DecoderSession session, Sequence[] sequences, IReadOnlyList<int[]> prompts, GenerationSettings settings)
    {
        // The last token is only produced and needs no position.
        var longest = prompts.Max(p => p.Length) + settings.PauseCount;
        var length = longest + sequences.Max(s => Math.Min(s.Room, settings.MaxNewTokens - s.Produced.Count)) - 1;
        var times = sequences.Length / prompts.Count;

        // Where rows of the cache cannot be copied, each answer has its own prompt from the start.
        IReadOnlyList<int[]> computed = session.IsCacheOnHost ? prompts : [.. prompts.SelectMany(p => Enumerable.Repeat(p, times))];
        var calls = new DecoderCalls(session, computed.Count, length);
        return new SequenceGroup(
            calls,
            sequences,
            cancellationToken =>
            {
                SharedBeginnings.Prefill(session, calls, computed, settings.PauseCount, cancellationToken);
                if (computed.Count < sequences.Length)
                {
                    calls.Keep([.. Enumerable.Range(0, sequences.Length).Select(i => i / times)]);
                }
            },
            canShrink: session.IsCacheOnHost);
    }

    /// <summary>Whether a sequence is computed here.</summary>
    public bool Has(Sequence sequence) => Array.IndexOf(_rows, sequence) >= 0;

    /// <summary>Lets a sequence go; its row is computed on, masked, and nobody looks.</summary>
    public void Leave(Sequence sequence)
    {
        var row = Array.IndexOf(_rows, sequence);
        (_rows[row], _isReal[row]) = (null, false);
    }

    /// <summary>Computes the graph once and gives every sequence that has not ended its next token.</summary>
    /// <exception cref="OperationCanceledException">Cancelled; the step can be repeated.</exception>
    /// <exception cref="InvalidOperationException">The graph fails, or puts out logits that are not finite.</exception>
    public void Step(TokenChooser chooser, CancellationToken cancellationToken)
    {
        var running = CountRunning();
        if (running == 0)
        {
            return;
        }

        if (!_hasBegun)
        {
            _firstCall(cancellationToken);
            _hasBegun = true;
        }
        else
        {
            Shrink(running);
            _calls.Step(_nextIds, _isReal, cancellationToken);
        }

        var vocabSize = _calls.Logits.Length / _rows.Length;
        for (var row = 0; row < _rows.Length; row++)
        {
            if (_rows[row] is { IsRunning: true } sequence)
            {
                _nextIds[row] = chooser.Choose(_calls.Logits.Slice(row * vocabSize, vocabSize), sequence);
            }

            // Of a sequence that has ended, nothing more is read.
            _isReal[row] = _rows[row] is { IsRunning: true };
        }
    }

    /// <summary>Releases the keys and values.</summary>
    public void Dispose() => _calls.Dispose();

    private int CountRunning()
    {
        var count = 0;
        foreach (var row in _rows)
        {
            count += row is { IsRunning: true } ? 1 : 0;
        }

        return count;
    }

    // Rows that have ended cost as much as the others: once they are half of the batch, the rest goes on without them.
    private void Shrink(int running)
    {
        if (!_canShrink || running * 2 > _rows.Length)
        {
            return;
        }

        int[] kept = [.. Enumerable.Range(0, _rows.Length).Where(row => _rows[row] is { IsRunning: true })];
        _calls.Keep(kept);
        (_rows, _nextIds, _isReal) = ([.. kept.Select(row => _rows[row])], [.. kept.Select(row => _nextIds[row])], [.. kept.Select(row => _isReal[row])]);
    }
}
