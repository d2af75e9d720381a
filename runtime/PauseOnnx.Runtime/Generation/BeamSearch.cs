namespace PauseOnnx.Runtime;

/// <summary>An answer found by <see cref="BeamSearch"/>.</summary>
/// <param name="Ids">Its tokens, a stop token at the end included.</param>
/// <param name="LogProbs">Their log-probabilities.</param>
/// <param name="Reason">Why it ended.</param>
internal sealed record Hypothesis(IReadOnlyList<int> Ids, IReadOnlyList<double> LogProbs, FinishReason Reason)
{
    /// <summary>Sum of the log-probabilities.</summary>
    public double Sum { get; } = LogProbs.Sum();

    /// <summary>By which answers are compared: the mean log-probability, so that long ones do not lose for being long.</summary>
    public double Score => Sum / Math.Max(Ids.Count, 1);
}

/// <summary>
/// Follows the W most likely beginnings of an answer at once. Ends when no beginning can become better than the answers
/// that have ended.
/// </summary>
/// <param name="session">The graph, whose cache must be on the host.</param>
/// <param name="settings">How to answer; no sampling.</param>
internal sealed class BeamSearch(DecoderSession session, GenerationSettings settings)
{
    private readonly int _vocabSize = session.Config.OrdinaryVocabSize;
    private readonly LogitsRules _rules = new(settings.Logits, session.Config.OrdinaryVocabSize);

    /// <summary>The answers to a prompt, the best first, as many as the settings ask for.</summary>
    /// <param name="prompt">Its ids.</param>
    /// <param name="firstToken">Called when the prompt is computed.</param>
    /// <param name="cancellationToken">Cancels, also inside a call of the graph.</param>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <exception cref="InvalidOperationException">The graph fails, or puts out logits that are not finite.</exception>
    public IReadOnlyList<Hypothesis> Run(int[] prompt, Action firstToken, CancellationToken cancellationToken)
    {
        var measured = Telemetry.Start(session.Name, prompt.Length, settings.PauseCount);
        var found = new List<Hypothesis>();
        Exception? error = null;
        var steps = 0;
        try
        {
            steps = Search(prompt, found, () =>
            {
                firstToken();
                Telemetry.FirstToken(ref measured);
            }, cancellationToken);
            return found;
        }
        catch (Exception e)
        {
            error = e;
            throw;
        }
        finally
        {
            Telemetry.End(ref measured, found.Sum(h => h.Ids.Count), steps, [.. found.Select(h => h.Reason)], error);
        }
    }

    // Fills in the answers; returns the number of calls of the graph.
    private int Search(int[] prompt, List<Hypothesis> found, Action firstToken, CancellationToken cancellationToken)
    {
        var room = Math.Min(settings.MaxNewTokens, session.RoomAfter(prompt.Length, prompt.Length, settings.PauseCount));
        var atEnd = room < settings.MaxNewTokens ? FinishReason.ContextEnd : FinishReason.MaxNewTokens;
        using var calls = new DecoderCalls(session, batch: 1, prompt.Length + settings.PauseCount + room - 1);
        calls.Prefill([prompt], settings.PauseCount, cancellationToken);
        firstToken();

        var ended = new List<Hypothesis>();
        List<Hypothesis> beams = [new([], [], FinishReason.None)];
        var length = 1;
        while (true)
        {
            var (next, rows) = Branch(prompt, beams, calls, ended);
            beams = next;
            if (length == room)
            {
                ended.AddRange(beams.Select(b => b with { Reason = atEnd }));
                break;
            }

            if (beams.Count == 0 || IsSettled(beams, ended, room))
            {
                break;
            }

            calls.Keep(rows);
            calls.Step([.. beams.Select(b => b.Ids[^1])], [.. beams.Select(_ => true)], cancellationToken);
            length++;
        }

        found.AddRange(ended.OrderByDescending(h => h.Score).Take(settings.NumReturnSequences));
        return length;
    }

    // The most likely ways to go on, of all beams together: those that stop are answers, the first W others the new beams.
    private (List<Hypothesis> Beams, int[] Rows) Branch(int[] prompt, List<Hypothesis> beams, DecoderCalls calls, List<Hypothesis> ended)
    {
        var candidates = beams
            .SelectMany((beam, row) => Candidates(prompt, beam, row, calls.Logits.Slice(row * _vocabSize, _vocabSize)).Select(c => (Beam: beam, Row: row, Token: c)))
            .Where(c => double.IsFinite(c.Token.LogProb))
            .OrderByDescending(c => c.Beam.Sum + c.Token.LogProb);
        var (next, rows) = (new List<Hypothesis>(), new List<int>());
        foreach (var (beam, row, token) in candidates)
        {
            var hypothesis = new Hypothesis([.. beam.Ids, token.Id], [.. beam.LogProbs, token.LogProb], FinishReason.None);
            if (settings.StopTokens.Contains(token.Id))
            {
                ended.Add(hypothesis with { Reason = FinishReason.StopToken });
            }
            else
            {
                next.Add(hypothesis);
                rows.Add(row);
            }

            if (next.Count == settings.BeamWidth)
            {
                break;
            }
        }

        return (next, [.. rows]);
    }

    // Enough of each beam that W remain after every stop token.
    private TokenLogProb[] Candidates(int[] prompt, Hypothesis beam, int row, ReadOnlySpan<float> logits)
    {
        // Rules see the answer so far, as they do without a search.
        var sequence = new Sequence(row, prompt, int.MaxValue, settings with { MaxNewTokens = beam.Ids.Count + 1, StopTokens = new HashSet<int>() }, _vocabSize, tokenizer: null);
        foreach (var id in beam.Ids)
        {
            sequence.Accept(id);
        }

        var changed = _rules.Apply(logits, sequence);
        var logSumExp = LogProbabilities.LogSumExp(changed);
        if (!double.IsFinite(logSumExp))
        {
            throw new InvalidOperationException($"The logits add up to {logSumExp}; expected finite logits, and a token that is not forbidden.");
        }

        return LogProbabilities.Top(changed, logSumExp, Math.Min(settings.BeamWidth + settings.StopTokens.Count, _vocabSize));
    }

    // Whether even tokens of probability 1 could not make a beam better than the worst answer that would be given.
    private bool IsSettled(List<Hypothesis> beams, List<Hypothesis> ended, int room)
    {
        if (ended.Count < settings.BeamWidth)
        {
            return false;
        }

        var worst = ended.OrderByDescending(h => h.Score).ElementAt(settings.NumReturnSequences - 1).Score;
        return beams.Max(b => b.Sum) / room <= worst;
    }
}
