namespace PauseOnnx.Trainer;

/// <summary>What a rank trains on in one step.</summary>
/// <param name="Rows">The rank's own sequences.</param>
/// <param name="MicroBatches">The same, in the batches that go through the model one after the other.</param>
/// <param name="TargetCount">Targets in the sequences of all ranks: the step's loss is the mean over these.</param>
/// <param name="TokenCount">Tokens in the sequences of all ranks, pauses included, padding not.</param>
public sealed record StepBatch(IReadOnlyList<TrainingSequence> Rows, IReadOnlyList<TrainingBatch> MicroBatches, long TargetCount, long TokenCount)
{
    /// <summary>Takes a rank's share of a step's sequences.</summary>
    /// <param name="all">The sequences of the whole step.</param>
    /// <param name="microBatchSize">Most sequences that go through the model at once.</param>
    /// <param name="rank">The rank, from 0.</param>
    /// <param name="worldSize">Number of ranks.</param>
    public static StepBatch Split(IReadOnlyList<TrainingSequence> all, int microBatchSize, int rank = 0, int worldSize = 1)
    {
        var (start, end) = (FirstRow(all.Count, rank, worldSize), FirstRow(all.Count, rank + 1, worldSize));
        var rows = all.Skip(start).Take(end - start).ToArray();
        return new StepBatch(rows, [.. rows.Chunk(microBatchSize).Select(TrainingBatch.Pack)], all.Sum(s => (long)s.TargetCount), all.Sum(s => (long)s.Ids.Length));
    }

    /// <summary>Number of a rank's first sequence among those of the step.</summary>
    public static int FirstRow(int count, int rank, int worldSize) => (int)((long)count * rank / worldSize);
}
