using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

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
    private readonly DecoderSession _session;
    private readonly GenerationSettings _settings;
    private readonly TokenChooser _chooser;
    private readonly Sequence[] _sequences;
    private readonly List<SequenceGroup> _groups = [];
    private TelemetryCall _measured;
    private Exception? _error;
    private int _steps;
    private bool _isDisposed;

    internal Generator(DecoderSession session, IReadOnlyList<int[]> prompts, GenerationSettings settings, Tokenizer? tokenizer)
    {
        PromptChecks.ThrowIfAny(prompts, session, settings.PauseCount);
        (_session, _settings) = (session, settings);
        var vocabSize = session.Config.OrdinaryVocabSize;
        _chooser = new TokenChooser(settings, vocabSize, prompts.Count * settings.NumReturnSequences);
        var length = prompts.Max(p => p.Length);
        _sequences = [.. prompts.SelectMany((p, i) => Enumerable.Range(0, settings.NumReturnSequences).Select(n => new Sequence(
            (i * settings.NumReturnSequences) + n, p, session.RoomAfter(p.Length, length, settings.PauseCount), settings, vocabSize, tokenizer)))];
        _groups.Add(SequenceGroup.OfPrompts(session, _sequences, prompts, settings));
        _measured = Telemetry.Start(session.Name, prompts.Sum(p => p.Length), prompts.Count * settings.PauseCount);
    }

    /// <summary>Number of sequences: prompts times <see cref="GenerationOptions.NumReturnSequences"/>.</summary>
    public int BatchSize => _sequences.Length;

    /// <summary>Whether every sequence has ended.</summary>
    public bool IsDone
    {
        get
        {
            foreach (var sequence in _sequences)
            {
                if (sequence.IsRunning)
                {
                    return false;
                }
            }

            return true;
        }
    }

    /// <summary>Bytes of keys and values that it holds.</summary>
    internal long CacheBytes => _groups.Sum(g => g.CacheBytes);

    /// <summary>Computes the graph once and gives every sequence that has not ended its next token.</summary>
    /// <remarks>
    /// Allocates nothing but in the first step, and where text, stop strings, log-probabilities or processors of yours do.
    /// </remarks>
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

        StepGroups(cancellationToken);
        Telemetry.FirstToken(ref _measured);
        _steps++;

        foreach (var sequence in _sequences)
        {
            if (sequence.IsFull)
            {
                Slide(sequence);
            }
        }

        return true;
    }

    /// <summary>Ids produced for a sequence so far, a stop token at the end included; a live view.</summary>
    /// <param name="sequence">Place in the batch, from 0: the answers to the first prompt, then those to the second.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public IReadOnlyList<int> GetIds(int sequence) => Checked(sequence).Produced;

    /// <summary>Why a sequence ended.</summary>
    /// <param name="sequence">Place in the batch, from 0: the answers to the first prompt, then those to the second.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public FinishReason GetFinishReason(int sequence) => Checked(sequence).Reason;

    /// <summary>Log-probabilities of what <see cref="GetIds"/> gives; empty unless <see cref="GenerationOptions.LogProbs"/> asks for them.</summary>
    /// <param name="sequence">Place in the batch, from 0: the answers to the first prompt, then those to the second.</param>
    /// <exception cref="ArgumentOutOfRangeException">There is no such sequence.</exception>
    public IReadOnlyList<double> GetLogProbs(int sequence) => Checked(sequence).LogProbs ?? [];

    /// <summary>A sequence.</summary>
    internal Sequence this[int sequence] => _sequences[sequence];

    /// <summary>Releases the keys and values.</summary>
    public void Dispose()
    {
        if (!_isDisposed)
        {
            _isDisposed = true;
            _groups.ForEach(g => g.Dispose());
            Telemetry.End(ref _measured, _sequences.Sum(s => s.Produced.Count), _steps, [.. _sequences.Select(s => s.Reason)], IsDone ? null : _error);
        }
    }

    private void StepGroups(CancellationToken cancellationToken)
    {
        try
        {
            for (var i = 0; i < _groups.Count; i++)
            {
                _groups[i].Step(_chooser, cancellationToken);
            }
        }
        catch (Exception e)
        {
            _error = e;
            throw;
        }
    }

    // A full sequence leaves its group and goes on by itself, so that the others are not computed anew.
    private void Slide(Sequence sequence)
    {
        var group = _groups.First(g => g.Has(sequence));
        group.Leave(sequence);
        if (group.IsEmpty)
        {
            _groups.Remove(group);
            group.Dispose();
        }

        var kept = ContextWindow.KeptAfterSlide(sequence.Prompt, sequence.ProducedSpan, _session.MaxLength, _settings.PauseCount);
        sequence.Room = _session.RoomAfter(kept.Length, kept.Length, _settings.PauseCount);
        _groups.Add(SequenceGroup.OfPrompts(_session, [sequence], [kept], _settings));
    }

    private Sequence Checked(int sequence)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(sequence);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(sequence, BatchSize);
        return _sequences[sequence];
    }
}
