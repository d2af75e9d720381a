namespace PauseOnnx.Runtime;

/// <summary>
/// Prompts of which several begin alike, as questions about one paragraph do, each cut in two: beginnings, which are computed
/// once, and what is left of each prompt.
/// </summary>
/// <param name="Beginnings">G of them, of at least one token.</param>
/// <param name="Rests">B of them, of at least one token.</param>
/// <param name="Rows">B places among the beginnings.</param>
internal sealed record SharedBeginnings(IReadOnlyList<int[]> Beginnings, IReadOnlyList<int[]> Rests, int[] Rows)
{
    // Two calls and a copy of keys and values are to be worth it.
    private const double MaxCost = 0.8;

    // Of a rest the head, too, computes every position: a quarter of the paper's small model.
    private const double RestCost = 1.3;

    // Logits after the tokens of the rests: 256 MB.
    private const long MaxLogits = 1 << 26;

    /// <summary>Feeds prompts, with pauses after each, as the first call, or where they begin alike as two.</summary>
    /// <param name="session">The graph.</param>
    /// <param name="calls">B sequences without a token yet.</param>
    /// <param name="prompts">B prompts.</param>
    /// <param name="pauseCount">M_inf.</param>
    /// <param name="cancellationToken">Ends a call inside ONNX Runtime, between two operators.</param>
    /// <exception cref="InsufficientMemoryException">A copy of keys and values does not fit into memory.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; it can be repeated.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed.</exception>
    public static void Prefill(DecoderSession session, DecoderCalls calls, IReadOnlyList<int[]> prompts, int pauseCount, CancellationToken cancellationToken)
    {
        // The graph of a shared cache counts the tokens of its mask, which has none for padding in the middle.
        if (!session.IsCacheOnHost || session.Cache.IsShared || Of(prompts, pauseCount, session.Config.OrdinaryVocabSize) is not { } shared)
        {
            calls.Prefill(prompts, pauseCount, cancellationToken);
            return;
        }

        using (var beginnings = new DecoderCalls(session, shared.Beginnings.Count, shared.Beginnings.Max(b => b.Length)))
        {
            beginnings.Prefill(shared.Beginnings, pauseCount: 0, cancellationToken);
            calls.CopyFrom(beginnings, shared.Rows);
        }

        calls.ExtendPrompts(shared.Rests, pauseCount, cancellationToken);
    }

    /// <summary>Cuts prompts.</summary>
    /// <param name="prompts">At least one, none empty.</param>
    /// <param name="pauseCount">M_inf.</param>
    /// <param name="vocabSize">V.</param>
    /// <returns>null where that would not save much.</returns>
    public static SharedBeginnings? Of(IReadOnlyList<int[]> prompts, int pauseCount, int vocabSize)
    {
        var groups = GroupsOf(prompts);
        if (groups.Count == prompts.Count)
        {
            return null;
        }

        // A prompt that stands alone is cut, too, where no row becomes longer by it.
        var longestRest = groups.Where(g => g.Count > 1).Max(g => g.Max(i => prompts[i].Length) - LengthOf(g));
        var (beginnings, rests, rows) = (new List<int[]>(), new int[prompts.Count][], new int[prompts.Count]);
        foreach (var (place, group) in groups.Index())
        {
            var length = group.Count > 1 ? LengthOf(group) : Math.Max(1, prompts[group[0]].Length - longestRest);
            beginnings.Add(prompts[group[0]][..length]);
            foreach (var i in group)
            {
                (rests[i], rows[i]) = (prompts[i][length..], place);
            }
        }

        var positions = (long)prompts.Count * (longestRest + pauseCount);
        var cost = ((double)beginnings.Count * beginnings.Max(b => b.Length)) + (RestCost * positions);
        var whole = (double)prompts.Count * (prompts.Max(p => p.Length) + pauseCount);
        return rests.All(r => r.Length > 0) && cost < MaxCost * whole && positions * vocabSize <= MaxLogits ? new(beginnings, rests, rows) : null;

        // All of a group begin as its first and last do, which are the furthest apart; a token of each must be left.
        int LengthOf(List<int> group) => Math.Min(
            prompts[group[0]].AsSpan().CommonPrefixLength(prompts[group[^1]]), group.Min(i => prompts[i].Length) - 1);
    }

    // In the order of a dictionary neighbours begin alike; those of a group do so for at least half of the longer one.
    private static List<List<int>> GroupsOf(IReadOnlyList<int[]> prompts)
    {
        var groups = new List<List<int>>();
        foreach (var i in Enumerable.Range(0, prompts.Count).Order(Comparer<int>.Create((a, b) => prompts[a].AsSpan().SequenceCompareTo(prompts[b]))))
        {
            if (groups.Count > 0 && 2 * prompts[groups[^1][0]].AsSpan().CommonPrefixLength(prompts[i]) >= Math.Max(prompts[groups[^1][0]].Length, prompts[i].Length)
                && Math.Min(prompts[groups[^1][0]].Length, prompts[i].Length) > 1)
            {
                groups[^1].Add(i);
            }
            else
            {
                groups.Add([i]);
            }
        }

        return groups;
    }
}
