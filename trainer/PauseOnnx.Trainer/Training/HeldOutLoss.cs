namespace PauseOnnx.Trainer;

/// <summary>Loss on data that no step sees, with the pauses that training has: always the same sequences.</summary>
/// <param name="model">The model.</param>
/// <param name="rows">The sequences.</param>
/// <param name="microBatchSize">Most that go through the model at once.</param>
public sealed class HeldOutLoss(LanguageModel model, IReadOnlyList<TrainingSequence> rows, int microBatchSize)
{
    /// <summary>Most sequences that are measured: enough for a difference of a few hundredths to be seen.</summary>
    public const int MaxRows = 256;

    private readonly TrainingBatch[] _batches = [.. rows.Chunk(microBatchSize).Select(TrainingBatch.Pack)];

    /// <summary>Measures.</summary>
    /// <returns>Mean loss, in nats a target.</returns>
    public double Measure()
    {
        var loss = new LossAndGradient(model);
        return _batches.Sum(b => b.Targets.Length == 0 ? 0 : loss.Loss(b)) / Math.Max(1, _batches.Sum(b => (long)b.Targets.Length));
    }
}
