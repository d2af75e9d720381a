namespace PauseOnnx.Trainer;

/// <summary>A sequence as the model sees it in training.</summary>
/// <param name="Ids">Token ids, pauses included, [T].</param>
/// <param name="CarriesLoss">
/// [T]: whether a token is a target that must be predicted. The position before it then carries loss; every other position
/// is ignored. False for each <c>&lt;pause&gt;</c>, and for the first token, which nothing predicts.
/// </param>
public sealed record TrainingSequence(int[] Ids, bool[] CarriesLoss)
{
    /// <summary>Where it comes from, such as <c>example 17</c>, for messages.</summary>
    public string Origin { get; init; } = "";

    /// <summary>Number of targets.</summary>
    public int TargetCount => CarriesLoss.Count(c => c);
}

/// <summary>Sequences side by side, and the positions that carry loss.</summary>
/// <param name="Ids">(B, T), shorter sequences filled up on the right, row-major.</param>
/// <param name="BatchSize">B.</param>
/// <param name="Positions">(n): b T + t of every position that carries loss, ascending.</param>
/// <param name="Targets">(n): the id to predict at each of them.</param>
public sealed record TrainingBatch(long[] Ids, int BatchSize, long[] Positions, long[] Targets)
{
    /// <summary>T: length of the longest sequence, in tokens.</summary>
    public int Length => Ids.Length / BatchSize;

    /// <summary>
    /// Lays sequences side by side. Filling up on the right needs no attention mask: a causal model does not look there,
    /// and no loss is taken there.
    /// </summary>
    public static TrainingBatch Pack(IReadOnlyList<TrainingSequence> sequences)
    {
        var length = sequences.Max(s => s.Ids.Length);
        var ids = new long[sequences.Count * length];
        var (positions, targets) = (new List<long>(ids.Length), new List<long>(ids.Length));
        for (var row = 0; row < sequences.Count; row++)
        {
            var (tokens, carriesLoss) = sequences[row];
            for (var t = 0; t < tokens.Length; t++)
            {
                ids[(row * length) + t] = tokens[t];
                if (carriesLoss[t])
                {
                    positions.Add((row * length) + t - 1);
                    targets.Add(tokens[t]);
                }
            }
        }

        return new TrainingBatch(ids, sequences.Count, [.. positions], [.. targets]);
    }
}
