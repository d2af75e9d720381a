namespace PauseOnnx.Runtime;

/// <summary>A continuation whose likelihood is asked for.</summary>
/// <param name="Prompt">What stands before it.</param>
/// <param name="Continuation">What may follow, after the pauses.</param>
public readonly record struct ScoringRequest(string Prompt, string Continuation);

/// <summary>The same as ids.</summary>
/// <param name="Prompt">What stands before it, <c>&lt;pause&gt;</c> allowed; nothing is added at its ends.</param>
/// <param name="Continuation">What may follow, after the pauses; ordinary ids only.</param>
public readonly record struct TokenScoringRequest(int[] Prompt, int[] Continuation);

/// <summary>How to score.</summary>
public sealed record ScoringOptions
{
    /// <summary>M_inf: pauses between prompt and continuation, in tokens.</summary>
    /// <value>null: the graph's own.</value>
    public int? PauseCount { get; init; }

    /// <summary>Requests computed together.</summary>
    /// <value>16.</value>
    public int BatchSize { get; init; } = 16;
}

/// <summary>How likely a continuation is.</summary>
public sealed record ContinuationScore
{
    /// <summary>Natural logarithm of the probability of each of its tokens.</summary>
    public required IReadOnlyList<double> TokenLogProbs { get; init; }

    /// <summary>Whether each of its tokens is the most likely one, so that a greedy answer would begin with it.</summary>
    public required bool IsGreedy { get; init; }

    /// <summary>Natural logarithm of the probability of all of it: the sum.</summary>
    public double LogLikelihood => TokenLogProbs.Sum();

    /// <summary>Its length, in tokens.</summary>
    public int TokenCount => TokenLogProbs.Count;
}

/// <summary>Scores continuations in batches; a prompt that several share is computed once.</summary>
internal sealed class Scorer(DecoderSession session, int pauseCount, int batchSize)
{
    private readonly int _vocabSize = session.Config.OrdinaryVocabSize;

    /// <summary>Scores of requests, in their order.</summary>
    public ContinuationScore[] Score(IReadOnlyList<TokenScoringRequest> requests, CancellationToken cancellationToken)
    {
        var scores = new ContinuationScore[requests.Count];

        // Neighbours share prompts, or at least lengths.
        var order = Enumerable.Range(0, requests.Count)
            .OrderBy(i => requests[i].Prompt.Length).ThenBy(i => string.Join(',', requests[i].Prompt), StringComparer.Ordinal).ThenBy(i => requests[i].Continuation.Length);
        foreach (var batch in BatchesOf(order, requests))
        {
            foreach (var (place, score) in batch.Zip(ScoreBatch([.. batch.Select(i => requests[i])], cancellationToken)))
            {
                scores[place] = score;
            }
        }

        return scores;
    }

    // Continuations are filled up to the longest of their batch, which must still lie within the context.
    private IEnumerable<List<int>> BatchesOf(IEnumerable<int> order, IReadOnlyList<TokenScoringRequest> requests)
    {
        var batch = new List<int>();
        foreach (var i in order)
        {
            var together = batch.Append(i).Select(j => requests[j]).ToList();
            var length = together.Max(r => r.Prompt.Length) + pauseCount + together.Max(r => r.Continuation.Length) - 1;
            if (batch.Count == batchSize || (batch.Count > 0 && length > session.MaxLength))
            {
                yield return batch;
                batch = [];
            }

            batch.Add(i);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    private IEnumerable<ContinuationScore> ScoreBatch(TokenScoringRequest[] requests, CancellationToken cancellationToken)
    {
        var (prompts, rows) = DistinctPrompts(requests);
        var promptLength = prompts.Max(p => p.Length) + pauseCount;
        using var calls = new DecoderCalls(session, prompts.Count, promptLength + requests.Max(r => r.Continuation.Length));
        calls.Prefill(prompts, pauseCount, cancellationToken);
        var tallies = requests.Select(_ => new Tally()).ToArray();
        for (var b = 0; b < requests.Length; b++)
        {
            Count(tallies[b], calls.Logits.Slice(rows[b] * _vocabSize, _vocabSize), requests[b].Continuation, 0);
        }

        int[] longer = [.. Enumerable.Range(0, requests.Length).Where(b => requests[b].Continuation.Length > 1)];
        var parts = LikeLengths.Split([.. longer.Select(b => requests[b].Continuation.Length - 1)], !session.PutsOutAllLogits);
        if (longer.Length > 0 && prompts.Count == requests.Length && (parts.Count == 1 || !session.IsCacheOnHost))
        {
            ScoreRest(calls, [.. requests.Select(r => r.Continuation)], tallies, cancellationToken);
            return Scores(tallies);
        }

        foreach (int[] part in parts.Select(p => p.Select(i => longer[i]).ToArray()))
        {
            int[][] continuations = [.. part.Select(b => requests[b].Continuation)];
            using var rest = new DecoderCalls(session, part.Length, promptLength + continuations[^1].Length);
            rest.CopyFrom(calls, [.. part.Select(b => rows[b])]);
            ScoreRest(rest, continuations, [.. part.Select(b => tallies[b])], cancellationToken);
        }

        return Scores(tallies);
    }

    private static IEnumerable<ContinuationScore> Scores(Tally[] tallies) =>
        tallies.Select(t => new ContinuationScore { TokenLogProbs = t.LogProbs, IsGreedy = t.IsGreedy });

    // The logits after a token speak of the next, so the last token is never fed.
    private void ScoreRest(DecoderCalls calls, int[][] continuations, Tally[] tallies, CancellationToken cancellationToken)
    {
        void Read(ReadOnlySpan<float> logits, int from, int count)
        {
            for (var b = 0; b < continuations.Length; b++)
            {
                for (var t = 0; t < count; t++)
                {
                    Count(tallies[b], logits.Slice(((b * count) + t) * _vocabSize, _vocabSize), continuations[b], from + t + 1);
                }
            }
        }

        if (session.PutsOutAllLogits)
        {
            calls.Extend([.. continuations.Select(c => c[..^1])], (logits, count) => Read(logits, 0, count), cancellationToken);
            return;
        }

        var isReal = Enumerable.Repeat(true, continuations.Length).ToArray();
        for (var t = 0; t < continuations.Max(c => c.Length) - 1; t++)
        {
            calls.Step([.. continuations.Select(c => t < c.Length ? c[t] : 0)], isReal, cancellationToken);
            Read(calls.Logits, t, 1);
        }
    }

    private static void Count(Tally tally, ReadOnlySpan<float> logits, int[] continuation, int place)
    {
        if (place < continuation.Length)
        {
            var id = continuation[place];
            tally.LogProbs.Add(logits[id] - LogProbabilities.LogSumExp(logits));
            tally.IsGreedy = tally.IsGreedy && System.Numerics.Tensors.TensorPrimitives.IndexOfMax(logits) == id;
        }
    }

    private (List<int[]> Prompts, int[] Rows) DistinctPrompts(TokenScoringRequest[] requests)
    {
        var prompts = new List<int[]>();
        var rows = new int[requests.Length];
        for (var i = 0; i < requests.Length; i++)
        {
            var same = session.IsCacheOnHost ? prompts.FindIndex(p => p.AsSpan().SequenceEqual(requests[i].Prompt)) : -1;
            rows[i] = same >= 0 ? same : prompts.Count;
            if (same < 0)
            {
                prompts.Add(requests[i].Prompt);
            }
        }

        return (prompts, rows);
    }

    private sealed class Tally
    {
        public List<double> LogProbs { get; } = [];

        public bool IsGreedy { get; set; } = true;
    }
}
