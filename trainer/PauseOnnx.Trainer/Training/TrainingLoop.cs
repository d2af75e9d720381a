using System.Diagnostics;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>What a run of <see cref="TrainingLoop"/> came to.</summary>
/// <param name="Step">Steps done, those before a resumption included.</param>
/// <param name="Loss">Mean loss of the last steps, in nats a target; NaN when no step was done.</param>
/// <param name="IsComplete">False when the run was cancelled before its last step.</param>
public sealed record TrainingResult(int Step, double Loss, bool IsComplete);

/// <summary>Forward, backward, update: the same loop for pretraining and finetuning.</summary>
/// <remarks>Not thread-safe; runs on the calling thread, with batches made on another.</remarks>
/// <param name="model">What is trained.</param>
/// <param name="optimizer">Of the model's parameters.</param>
/// <param name="options">Steps and learning rate.</param>
public sealed class TrainingLoop(LanguageModel model, AdamW optimizer, RunOptions options)
{
    private const int BatchesAhead = 4;

    // The loss shown is a running mean over about as many steps.
    private const int LossWindow = 50;

    /// <summary>Trains from the optimizer's step count to the last step.</summary>
    /// <param name="makeBatch">Makes the batch of a step, on another thread.</param>
    /// <param name="report">Called after each step with the steps done and the figures to show.</param>
    /// <param name="cancellationToken">Ends the run after the current step.</param>
    /// <exception cref="NotFiniteNumberException">The loss or the gradient became infinite or no number.</exception>
    public TrainingResult Run(Func<int, TrainingBatch> makeBatch, Action<long, string>? report = null, CancellationToken cancellationToken = default)
    {
        var clock = Stopwatch.StartNew();
        var (step, loss, tokens) = (optimizer.StepCount, double.NaN, 0L);
        foreach (var batch in Prefetch.Run(step, options.Steps, BatchesAhead, makeBatch))
        {
            if (cancellationToken.IsCancellationRequested)
            {
                return new TrainingResult(step, loss, IsComplete: false);
            }

            var latest = Step(batch, step);
            step++;
            loss = double.IsNaN(loss) ? latest : loss + ((latest - loss) / Math.Min(step, LossWindow));
            tokens += batch.Ids.Length;
            report?.Invoke(step, $"loss {loss:F4}, {tokens / clock.Elapsed.TotalSeconds:N0} tokens/s");
        }

        return new TrainingResult(step, loss, IsComplete: true);
    }

    /// <summary>Takes one step.</summary>
    /// <param name="batch">At least one of its positions must carry loss.</param>
    /// <param name="step">Counted from 0.</param>
    /// <returns>The loss before the update, in nats a target.</returns>
    private double Step(TrainingBatch batch, int step)
    {
        // The scope ends every tensor of the step; only the loss's value leaves.
        using var scope = NewDisposeScope();
        using var loss = LossOf(model, batch);
        loss.backward();
        var value = loss.item<float>();
        var norm = float.IsFinite(value) ? optimizer.Step(options.LearningRateAt(step)) : 0;
        return float.IsFinite(value) && double.IsFinite(norm)
            ? value
            : throw new NotFiniteNumberException(
                $"At step {step + 1} the loss is {value} and the gradient's norm {norm}; expected finite numbers. Try a learning rate below {options.LearningRate}, or more than {options.WarmupSteps} warmup steps.");
    }

    /// <summary>Mean cross entropy over the positions that carry loss; the others do not reach the head.</summary>
    /// <returns>A scalar, in nats a target.</returns>
    /// <exception cref="ArgumentException">No position carries loss.</exception>
    public static Tensor LossOf(LanguageModel model, TrainingBatch batch)
    {
        if (batch.Targets.Length == 0)
        {
            throw new ArgumentException("No position of the batch carries loss; expected at least one.", nameof(batch));
        }

        using var scope = NewDisposeScope();
        var hidden = model.Forward(tensor(batch.Ids, [batch.BatchSize, batch.Length]));            // (B T, C)
        var logits = model.LogitsAt(hidden, tensor(batch.Positions));                              // (n, V)
        return nn.functional.cross_entropy(logits, tensor(batch.Targets)).MoveToOuterDisposeScope();
    }
}
