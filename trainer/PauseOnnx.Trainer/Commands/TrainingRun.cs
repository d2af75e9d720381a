using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// What pretraining and finetuning do alike: train with a progress bar, measure and save on the way, and leave a whole
/// checkpoint however it ends.
/// </summary>
internal sealed record TrainingRun
{
    /// <summary><c>pretrain</c> or <c>finetune</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>The recipe.</summary>
    public required Recipe Recipe { get; init; }

    /// <summary>The stage's own options, of which the text is kept in the checkpoint, and their common part.</summary>
    public required (object Stage, RunOptions Run) Options { get; init; }

    /// <summary>Measuring, stopping and saving.</summary>
    public required MonitorOptions Monitor { get; init; }

    /// <summary>Folder with the tokenizer's files.</summary>
    public required string TokenizerFolder { get; init; }

    /// <summary>Checkpoint folder to write.</summary>
    public required string Output { get; init; }

    /// <summary>Whether to go on with the unfinished run in <see cref="Output"/>.</summary>
    public bool Resume { get; init; }

    /// <summary>Where the model lies.</summary>
    public Device Device { get; init; } = CPU;

    /// <summary>The processes that train together.</summary>
    public ICollective Ranks { get; init; } = new SingleProcess();

    private bool IsFirstRank => Ranks.Rank == 0;

    /// <summary>What a resumption must repeat: all options of the stage but the size of the micro-batches.</summary>
    public string Settings(LanguageModel model) =>
        $"{Options.Stage} {model.Config} {model.Parameters.Precision}".Replace($"MicroBatchSize = {Options.Run.MicroBatchSize}", "", StringComparison.Ordinal);

    /// <summary>What the model computes with.</summary>
    /// <exception cref="PlatformNotSupportedException">The processes are on different kinds of processors, and chose differently.</exception>
    public Precision PrecisionOf(RunOptions options)
    {
        var precision = options.Precision ?? PrecisionChoice.For(Device);
        if (Ranks.WorldSize > 1)
        {
            Trainer.Ranks.CheckAgreement(Ranks, Device, precision == Precision.Bf16, "bf16", "--precision fp32 or --precision bf16");
        }

        return precision;
    }

    /// <summary>Says what is going to be trained.</summary>
    public void Describe(LanguageModel model, string pauses, StartingCheckpoint? start)
    {
        if (start is { IsPauseNew: true })
        {
            Console.WriteLine($"the checkpoint has no <pause>; it gets one, of id {model.Config.Pause!.TokenId}, as the mean of its token embeddings");
        }

        Console.WriteLine($"{model.Parameters.Count:N0} parameters in {model.Parameters.Precision}, {Options.Run.Steps} steps of {Options.Run.BatchSize} sequences, {pauses}");
    }

    /// <summary>The first sequences that training would make of what is held out.</summary>
    /// <param name="model">The model.</param>
    /// <param name="data">What is held out; null for nothing, and then there is nothing to measure.</param>
    /// <param name="makeRows">How training would make sequences of it.</param>
    public HeldOutLoss? HeldOut(LanguageModel model, TrainingData? data, Func<TrainingData, Func<int, IReadOnlyList<TrainingSequence>>> makeRows)
    {
        if (Monitor.EarlyStop > 0 && (Monitor.EvalEvery == 0 || data is null))
        {
            throw new ArgumentException(Monitor.EvalEvery == 0
                ? "--early-stop is given without --eval-every; expected both."
                : "--early-stop is given, but the data has nothing held out; expected some to measure: prepare text with --held-out, or put examples into heldout.jsonl.");
        }

        if (Monitor.EvalEvery > 0 && data is null)
        {
            Console.WriteLine("the data has nothing held out, so there is no held-out loss to measure; prepare text with --held-out, or put examples into heldout.jsonl");
        }

        if (data is null || Monitor.EvalEvery == 0)
        {
            return null;
        }

        var (make, steps) = (makeRows(data), Math.Max(1, HeldOutLoss.MaxRows / Options.Run.BatchSize));
        return new HeldOutLoss(model, [.. Enumerable.Range(0, steps).SelectMany(make)], Options.Run.MicroBatchSize ?? Options.Run.BatchSize);
    }

    /// <summary>Checks what can be checked before anything is loaded.</summary>
    /// <exception cref="ArgumentException">Options contradict each other or what is in <see cref="Output"/>.</exception>
    /// <exception cref="IOException"><see cref="Output"/> cannot be written.</exception>
    public void CheckTarget()
    {
        if (Options.Run.BatchSize < Ranks.WorldSize)
        {
            throw new ArgumentException($"There are {Ranks.WorldSize} processes for a batch of {Options.Run.BatchSize} sequences; expected at least one sequence each.");
        }

        // One rank alone: on a shared disk the others would try out the same names.
        if (IsFirstRank)
        {
            Checkpoint.CheckTarget(Output);
            if (!Resume && Checkpoint.FindState(Output) is { IsPartial: false } && (Monitor.SaveEvery > 0 || Monitor.EarlyStop > 0 || Monitor.TimeLimit is not null))
            {
                throw new ArgumentException($"'{Output}' holds a complete checkpoint, which parts of a new run do not replace; expected another --out for a run with --save-every, --early-stop or --time-limit, or remove the folder.");
            }

            // The run would take it for its own, replace it and in the end remove it.
            var best = RunWatch.BestFolderOf(Output);
            if (!Resume && Monitor.EarlyStop > 0 && Checkpoint.FindState(best) is { IsPartial: false })
            {
                throw new ArgumentException($"'{best}' holds a complete checkpoint, and --early-stop needs that place until the run ends; expected another --out, or move the folder.");
            }
        }

        Ranks.Barrier();
    }

    /// <summary>Trains a model and writes the checkpoint.</summary>
    /// <param name="model">The model; the same weights on every rank.</param>
    /// <param name="makeRows">Makes the sequences of a step.</param>
    /// <param name="heldOut">What is measured on the way; null for nothing.</param>
    /// <param name="inputs">SHA-256 of what the run begins with: see <see cref="TrainingState.Inputs"/>.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <returns>Whether this is the rank that wrote the checkpoint and speaks of it.</returns>
    /// <exception cref="CommandCancelledException">The user pressed Ctrl-C; the message says what is left.</exception>
    public bool Train(
        LanguageModel model, Func<int, IReadOnlyList<TrainingSequence>> makeRows, HeldOutLoss? heldOut, string inputs, CancellationToken cancellationToken)
    {
        using var optimizer = new AdamW(model.Parameters, Options.Run.Optimizer);
        var earlier = Resume ? ResumeFrom(model, optimizer, inputs) : null;
        var watch = new RunWatch(this, model, optimizer, heldOut, inputs, earlier);
        using var log = IsFirstRank ? new TrainingLog(Output, optimizer.StepCount) : null;
        var loop = new TrainingLoop(model, optimizer, Options.Run, Ranks);
        TrainingResult Loop(Action<long, string> report) =>
            loop.Run(makeRows, earlier?.Loss ?? double.NaN, progress => log is null || watch.AfterStep(progress, log, report), cancellationToken);
        try
        {
            var result = IsFirstRank ? ProgressDisplay.Run(Stage, Options.Run.Steps, optimizer.StepCount, Loop) : Loop((_, _) => { });
            Finish(watch, result, cancellationToken);
            return IsFirstRank;
        }
        finally
        {
            // After the checkpoint, which is worth more than a picture.
            log?.Draw();
        }
    }

    // The others wait for the files, however that ends.
    private void Finish(RunWatch watch, TrainingResult result, CancellationToken cancellationToken)
    {
        try
        {
            if (IsFirstRank)
            {
                watch.Finish(result, cancellationToken);
            }
        }
        finally
        {
            Ranks.Barrier();
        }
    }

    private TrainingState ResumeFrom(LanguageModel model, AdamW optimizer, string inputs)
    {
        var state = Checkpoint.FindState(Output) ?? throw new FileNotFoundException($"There is nothing to resume in '{Output}'; expected a checkpoint with {FileNames.TrainerState}.");
        var file = Path.Combine(Output, FileNames.TrainerState);
        if (state.Settings != Settings(model) || !state.IsPartial)
        {
            var fault = state.IsPartial ? $"has other settings: {state.Settings}" : $"is complete, with {state.Step} steps";
            throw new ModelFormatException($"The run {fault}; expected an unfinished one with {Settings(model)} ({file}).");
        }

        if (state.Inputs != inputs)
        {
            throw new ModelFormatException($"The run began with {state.Inputs}; expected what is given now, {inputs}: go on with the data and checkpoint it began with ({file}).");
        }

        Checkpoint.Resume(Output, model, optimizer);
        return state;
    }
}
