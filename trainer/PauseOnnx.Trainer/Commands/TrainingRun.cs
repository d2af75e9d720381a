using PauseOnnx.CommandLine;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>What pretraining and finetuning do alike: train with a progress bar, and leave a whole checkpoint however it ends.</summary>
internal sealed record TrainingRun
{
    /// <summary><c>pretrain</c> or <c>finetune</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>The recipe.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>The stage's own options, of which the text is kept in the checkpoint, and their common part.</summary>
    public required (object Stage, RunOptions Run) Options { get; init; }

    /// <summary>Folder with the tokenizer's files.</summary>
    public required string TokenizerFolder { get; init; }

    /// <summary>Checkpoint folder to write.</summary>
    public required string Output { get; init; }

    /// <summary>Whether to go on with the unfinished run in <see cref="Output"/>.</summary>
    public bool Resume { get; init; }

    private string Settings(LanguageModel model) => $"{Options.Stage} {model.Config}";

    /// <summary>Trains a model and writes the checkpoint.</summary>
    /// <exception cref="CommandCancelledException">The user pressed Ctrl-C; the message says what is left.</exception>
    public void Train(LanguageModel model, Func<int, TrainingBatch> makeBatch, CancellationToken cancellationToken)
    {
        var optimizer = new AdamW(model.Parameters, Options.Run.Optimizer);
        if (Resume)
        {
            ResumeFrom(model, optimizer);
        }

        var started = optimizer.StepCount;
        var loop = new TrainingLoop(model, optimizer, Options.Run);
        var result = ProgressDisplay.Run(Stage, Options.Run.Steps, report => loop.Run(makeBatch, report, cancellationToken));
        if (result.IsComplete)
        {
            Save(model, optimizer, result);
            return;
        }

        // An earlier result that is complete is worth more than part of this one.
        var keepsEarlier = Checkpoint.FindState(Output) is { IsPartial: false } || result.Step == started;
        if (!keepsEarlier)
        {
            Save(model, optimizer, result);
        }

        throw new CommandCancelledException($"Stopped after step {result.Step} of {Options.Run.Steps}; " + (keepsEarlier
            ? $"'{Output}' is as it was."
            : $"the checkpoint '{Output}' holds them. Run the same command with --resume to go on."));
    }

    private void ResumeFrom(LanguageModel model, AdamW optimizer)
    {
        var state = Checkpoint.FindState(Output) ?? throw new FileNotFoundException($"There is nothing to resume in '{Output}'; expected a checkpoint with {FileNames.TrainerState}.");
        if (state.Settings != Settings(model) || !state.IsPartial)
        {
            var fault = state.IsPartial ? $"has other settings: {state.Settings}" : $"is complete, with {state.Step} steps";
            throw new ModelFormatException($"The run {fault}; expected an unfinished one with {Settings(model)} ({Path.Combine(Output, FileNames.TrainerState)}).");
        }

        Checkpoint.Resume(Output, model, optimizer);
    }

    private void Save(LanguageModel model, AdamW optimizer, TrainingResult result) =>
        Checkpoint.Save(Output, model, optimizer, TokenizerFolder, Recipe.Generation, new TrainingState
        {
            Stage = Stage,
            Recipe = Recipe.Name,
            Settings = Settings(model),
            Step = result.Step,
            Steps = Options.Run.Steps,
            Seed = Options.Run.Seed,
            Loss = result.Loss,
        });
}
