namespace PauseOnnx.Trainer;

/// <summary>How the learning rate goes after the warmup.</summary>
public enum LearningRateSchedule
{
    /// <summary>Stays.</summary>
    Constant,

    /// <summary>Falls along half a cosine.</summary>
    Cosine,

    /// <summary>Falls along a line.</summary>
    Linear,
}

/// <summary>What pretraining and finetuning have in common: steps, batches, learning rate, optimizer.</summary>
public sealed record RunOptions
{
    /// <summary>Updates of the weights.</summary>
    public required int Steps { get; init; }

    /// <summary>B: sequences a step.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Tokens of a piece of plain text, and most tokens of an example, pauses included.</summary>
    public required int SequenceLength { get; init; }

    /// <summary>Highest learning rate, reached at the end of the warmup.</summary>
    public required double LearningRate { get; init; }

    /// <summary>How the learning rate goes from there.</summary>
    public LearningRateSchedule Schedule { get; init; } = LearningRateSchedule.Cosine;

    /// <summary>Learning rate at the last step as a fraction of the highest, 0-1.</summary>
    public double FinalFraction { get; init; } = 0.1;

    /// <summary>Steps during which the learning rate rises from 0.</summary>
    public int WarmupSteps { get; init; } = 100;

    /// <summary>Settings of the optimizer.</summary>
    public AdamWOptions Optimizer { get; init; } = new();

    /// <summary>Seed of the weights of a new model and of the order of the data.</summary>
    public int Seed { get; init; }

    /// <summary>The learning rate of a step, counted from 0.</summary>
    public double LearningRateAt(int step)
    {
        if (step < WarmupSteps)
        {
            return LearningRate * (step + 1) / WarmupSteps;
        }

        var done = (double)(step - WarmupSteps) / Math.Max(1, Steps - WarmupSteps);
        var height = Schedule switch
        {
            LearningRateSchedule.Cosine => (1 + Math.Cos(Math.PI * done)) / 2,
            LearningRateSchedule.Linear => 1 - done,
            _ => 1,
        };
        return LearningRate * (Schedule == LearningRateSchedule.Constant ? 1 : FinalFraction + ((1 - FinalFraction) * height));
    }
}

/// <summary>Pretraining.</summary>
public sealed record PretrainOptions
{
    /// <summary>Steps, batches, learning rate, optimizer.</summary>
    public required RunOptions Run { get; init; }

    /// <summary>How pauses get in.</summary>
    public PauseMethod Pause { get; init; } = PauseMethod.Insert;

    /// <summary>Pauses a token for <see cref="PauseMethod.Insert"/>, fraction 0-1.</summary>
    public double PauseFraction { get; init; } = 0.1;
}

/// <summary>Finetuning.</summary>
public sealed record FinetuneOptions
{
    /// <summary>Steps, batches, learning rate, optimizer.</summary>
    public required RunOptions Run { get; init; }

    /// <summary>M_ft: pauses between question and answer, drawn anew for each batch.</summary>
    public required PauseRange PauseRange { get; init; }

    /// <summary>M_inf, the number of pauses the finetuned model appends to a prompt by default.</summary>
    public required int PauseCount { get; init; }
}
