using System.Diagnostics;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>What a run of <see cref="TrainingLoop"/> came to.</summary>
/// <param name="Step">Steps done, those before a resumption included.</param>
/// <param name="Loss">Running mean of the loss, in nats a target; NaN when no step was ever done.</param>
/// <param name="End">Why it ended.</param>
public sealed record TrainingResult(int Step, double Loss, TrainingEnd End);

/// <summary>Why a run ended.</summary>
public enum TrainingEnd
{
    /// <summary>All steps are done.</summary>
    Complete,

    /// <summary>What watches the run asked for it, or the user did.</summary>
    Stopped,
}

/// <summary>The figures of one step.</summary>
/// <param name="Step">Steps done, this one included.</param>
/// <param name="Loss">Before the update, in nats a target.</param>
/// <param name="MeanLoss">Running mean over about the last 50 steps.</param>
/// <param name="LearningRate">Of the update.</param>
/// <param name="GradientNorm">Before clipping.</param>
/// <param name="TokensPerSecond">Tokens of all ranks since the run began or was resumed, pauses included, padding not.</param>
public sealed record TrainingProgress(int Step, double Loss, double MeanLoss, double LearningRate, double GradientNorm, double TokensPerSecond);

/// <summary>Forward, backward, update: the same loop for pretraining and finetuning, on one rank or several.</summary>
/// <remarks>Not thread-safe; runs on the calling thread, with batches made on another.</remarks>
/// <param name="model">What is trained; the same weights on every rank.</param>
/// <param name="optimizer">Of the model's parameters.</param>
/// <param name="options">Steps, learning rate, micro-batches.</param>
/// <param name="ranks">The other processes; stays the caller's.</param>
public sealed class TrainingLoop(LanguageModel model, AdamW optimizer, RunOptions options, ICollective ranks)
{
    private const int BatchesAhead = 4;

    // The loss shown is a running mean over about as many steps.
    private const int LossWindow = 50;

    // Guessing costs ln V nats. A model that is ten times worse than that has diverged, and will not come back.
    private const double ExplosionFactor = 10;

    private readonly LossAndGradient _loss = new(model);

    private int MicroBatchSize => options.MicroBatchSize ?? options.BatchSize;

    /// <summary>Trains from the optimizer's step count to the last step.</summary>
    /// <param name="makeRows">Makes the sequences of a step, on another thread.</param>
    /// <param name="meanLoss">Running mean of the loss so far; NaN at the beginning.</param>
    /// <param name="afterStep">
    /// Called after each step; returns whether to go on. When any rank wants to stop, all do: after this step, or with several
    /// ranks after the next one.
    /// </param>
    /// <param name="cancellationToken">Ends the run, on every rank, after the current step.</param>
    /// <exception cref="NotFiniteNumberException">The loss or the gradient became infinite or no number, or the loss exploded.</exception>
    public TrainingResult Run(
        Func<int, IReadOnlyList<TrainingSequence>> makeRows, double meanLoss, Func<TrainingProgress, bool> afterStep, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        var (step, loss, tokens) = (optimizer.StepCount, meanLoss, 0L);
        using var gradients = new GradientSum(model.Parameters, isFloat32: ranks.WorldSize > 1 || MicroBatchSize < options.BatchSize);
        using var reducer = new GradientReducer(ranks);
        var goesOn = !cancellationToken.IsCancellationRequested;
        if (!goesOn && ranks.WorldSize == 1)
        {
            return new TrainingResult(step, loss, TrainingEnd.Stopped);
        }

        foreach (var batch in Prefetch.Run(step, options.Steps, BatchesAhead, s => StepBatch.Split(makeRows(s), MicroBatchSize, ranks.Rank, ranks.WorldSize)))
        {
            var (latest, norm, isStopped) = Step(batch, step, gradients, reducer, () => !goesOn || cancellationToken.IsCancellationRequested);
            step++;
            loss = double.IsNaN(loss) ? latest : loss + ((latest - loss) / Math.Min(step, LossWindow));
            tokens += batch.TokenCount;
            goesOn = afterStep(new TrainingProgress(
                step, latest, loss, options.LearningRateAt(step - 1), norm, tokens / clock.Elapsed.TotalSeconds));
            var isAlone = ranks.WorldSize == 1 && (!goesOn || cancellationToken.IsCancellationRequested);
            if ((isStopped || isAlone) && step < options.Steps)
            {
                return new TrainingResult(step, loss, TrainingEnd.Stopped);
            }
        }

        return new TrainingResult(step, loss, TrainingEnd.Complete);
    }

    private (double Loss, double Norm, bool IsStopped) Step(
        StepBatch batch, int step, GradientSum gradients, GradientReducer reducer, Func<bool> wantsToStop)
    {
        if (batch.TargetCount == 0)
        {
            throw new InvalidDataException($"No position of step {step + 1} carries loss; expected at least one target among its {options.BatchSize} sequences.");
        }

        // The scope ends every tensor of the step; only numbers leave.
        using var scope = NewDisposeScope();
        var sum = 0.0;
        for (var i = 0; i < batch.MicroBatches.Count; i++)
        {
            sum += Accumulate(batch, i, step, gradients, reducer);
        }

        // What the ranks must agree on before any of them changes a weight.
        var shared = tensor([(float)(sum / batch.TargetCount), wantsToStop() ? 1f : 0f], device: model.Parameters.Device);
        reducer.Begin(shared);
        reducer.Finish();
        var (loss, isStopped) = (shared[0].item<float>(), shared[1].item<float>() > 0);
        CheckLoss(loss, batch, step);
        var norm = optimizer.Step(options.LearningRateAt(step), gradients.Total);
        return double.IsFinite(norm) ? (loss, norm, isStopped) : throw Diverged($"the gradient's norm is {norm}", batch, step);
    }

    // After the last micro-batch the gradients of a layer go to the other ranks while backward is busy with the layer before.
    private double Accumulate(StepBatch batch, int number, int step, GradientSum gradients, GradientReducer reducer)
    {
        var (ranges, isLast) = (model.Parameters.LayerRanges, number == batch.MicroBatches.Count - 1);
        var unfinished = ranges.Count;
        void Finish(int layer)
        {
            for (; unfinished > layer; unfinished--)
            {
                Take(ranges[unfinished - 1]);
            }
        }

        void Take(ParameterRange range)
        {
            var sum = gradients.Add(range);
            if (isLast)
            {
                reducer.Begin(sum);
            }
        }

        // Its first sequence's number tells a forward pass from every other of the run.
        var pass = ((long)step * options.BatchSize) + StepBatch.FirstRow(options.BatchSize, ranks.Rank, ranks.WorldSize) + (number * MicroBatchSize);
        var loss = _loss.Accumulate(batch.MicroBatches[number], batch.TargetCount, new ForwardOptions
        {
            Dropout = options.Dropout > 0 ? new Dropout(options.Dropout, options.Seed, pass) : null,
            Recompute = options.ActivationCheckpointing,
            LayerFinished = ranks.WorldSize > 1 ? Finish : null,
        });
        Finish(0);
        foreach (var range in model.Parameters.OtherRanges)
        {
            Take(range);
        }

        return loss;
    }

    private void CheckLoss(double loss, StepBatch batch, int step)
    {
        var limit = ExplosionFactor * Math.Max(1, Math.Log(model.Config.OrdinaryVocabSize));
        if (!double.IsFinite(loss))
        {
            throw Diverged($"the loss is {loss}", batch, step);
        }

        if (loss > limit)
        {
            throw Diverged($"the loss is {loss:F1} nats a target, more than ten times that of guessing", batch, step);
        }
    }

    private NotFiniteNumberException Diverged(string fault, StepBatch batch, int step)
    {
        // The sequence that is worst by itself; with several ranks, of this rank's.
        var worst = batch.Rows.Where(r => r.TargetCount > 0)
            .Select(r => (r.Origin, Loss: _loss.Loss(TrainingBatch.Pack([r])) / r.TargetCount))
            .DefaultIfEmpty((Origin: "none", Loss: 0)).MaxBy(r => double.IsFinite(r.Loss) ? r.Loss : double.PositiveInfinity);
        return new NotFiniteNumberException(
            $"At step {step + 1} {fault}; the worst sequence is {worst.Origin}, with {worst.Loss:G4}. Nothing was saved since the last checkpoint. "
            + $"Try a learning rate below {options.LearningRate}, more than {options.WarmupSteps} warmup steps, or look at that sequence.");
    }
}
