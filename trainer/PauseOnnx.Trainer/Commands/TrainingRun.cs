using System.Diagnostics;
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
    /// <summary>How long the last checkpoint waits for room on a full disk.</summary>
    private static readonly TimeSpan SavePatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(15);

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

    // Unlike the rest of the options, these may change when a run is resumed.
    private string Settings(LanguageModel model) =>
        $"{Options.Stage} {model.Config} {model.Parameters.Precision}".Replace($"MicroBatchSize = {Options.Run.MicroBatchSize}", "", StringComparison.Ordinal);

    /// <summary>What the model computes with.</summary>
    public Precision PrecisionOf(RunOptions options) => options.Precision ?? PrecisionChoice.For(Device);

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
        if (data is null || Monitor.EvalEvery == 0)
        {
            return null;
        }

        var (make, steps) = (makeRows(data), Math.Max(1, HeldOutLoss.MaxRows / Options.Run.BatchSize));
        return new HeldOutLoss(model, [.. Enumerable.Range(0, steps).SelectMany(make)], Options.Run.MicroBatchSize ?? Options.Run.BatchSize);
    }

    /// <summary>Trains a model and writes the checkpoint.</summary>
    /// <param name="model">The model; the same weights on every rank.</param>
    /// <param name="makeRows">Makes the sequences of a step.</param>
    /// <param name="heldOut">What is measured on the way; null for nothing.</param>
    /// <param name="inputs">SHA-256 of what the run begins with: see <see cref="TrainingState.Inputs"/>.</param>
    /// <param name="cancellationToken">Ctrl-C.</param>
    /// <exception cref="CommandCancelledException">The user pressed Ctrl-C; the message says what is left.</exception>
    public void Train(
        LanguageModel model, Func<int, IReadOnlyList<TrainingSequence>> makeRows, HeldOutLoss? heldOut, string inputs, CancellationToken cancellationToken)
    {
        CheckOptions(heldOut);
        using var optimizer = new AdamW(model.Parameters, Options.Run.Optimizer);
        var earlier = Resume ? ResumeFrom(model, optimizer, inputs) : null;
        var watch = new Watch(this, model, optimizer, heldOut, inputs, earlier);
        var started = optimizer.StepCount;
        using var log = IsFirstRank ? new TrainingLog(Output, started) : null;
        var loop = new TrainingLoop(model, optimizer, Options.Run, Ranks);
        TrainingResult Loop(Action<long, string> report) =>
            loop.Run(makeRows, earlier?.Loss ?? double.NaN, progress => watch.AfterStep(progress, log, report), cancellationToken);
        var result = IsFirstRank ? ProgressDisplay.Run(Stage, Options.Run.Steps, Loop) : Loop((_, _) => { });
        try
        {
            if (IsFirstRank)
            {
                log!.Draw();
                watch.Finish(result, started, cancellationToken);
            }
        }
        finally
        {
            // The others wait for the files, however that ends.
            Ranks.Barrier();
        }
    }

    private void CheckOptions(HeldOutLoss? heldOut)
    {
        if (Monitor.EarlyStop > 0 && (Monitor.EvalEvery == 0 || heldOut is null))
        {
            throw new ArgumentException(heldOut is null
                ? "--early-stop is given, but the data has nothing held out; expected some to measure."
                : "--early-stop is given without --eval-every; expected both.");
        }

        if (Options.Run.BatchSize < Ranks.WorldSize)
        {
            throw new ArgumentException($"There are {Ranks.WorldSize} processes for a batch of {Options.Run.BatchSize} sequences; expected at least one sequence each.");
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

    // What happens between the steps of one run.
    private sealed class Watch(TrainingRun run, LanguageModel model, AdamW optimizer, HeldOutLoss? heldOut, string inputs, TrainingState? earlier)
    {
        private readonly Stopwatch _clock = Stopwatch.StartNew();

        // A result that is complete is worth more than part of this one.
        private readonly bool _keepsEarlier = Checkpoint.FindState(run.Output) is { IsPartial: false };
        private double _best = earlier?.BestHeldOutLoss ?? double.PositiveInfinity;
        private double? _latest;
        private int _withoutGain;
        private int _savedStep = earlier?.Step ?? -1;

        private MonitorOptions Monitor => run.Monitor;

        private int Steps => run.Options.Run.Steps;

        // With early stopping the folder holds the best checkpoint, without it the latest.
        private bool KeepsBest => Monitor.EarlyStop > 0;

        public bool AfterStep(TrainingProgress progress, TrainingLog? log, Action<long, string> report)
        {
            if (!run.IsFirstRank)
            {
                return true;
            }

            log!.Write(progress);
            var isEvaluated = Monitor.EvalEvery > 0 && heldOut is not null && (progress.Step % Monitor.EvalEvery == 0 || progress.Step == Steps);
            if (isEvaluated)
            {
                Evaluate(progress, log);
            }

            var isSaved = KeepsBest ? isEvaluated && _withoutGain == 0 : Monitor.SaveEvery > 0 && progress.Step % Monitor.SaveEvery == 0;
            if (isSaved && progress.Step < Steps && !_keepsEarlier)
            {
                SaveOnTheWay(progress);
            }

            report(progress.Step, $"loss {progress.MeanLoss:F4}{(_latest is { } l ? $", held-out {l:F4}" : "")}, {progress.TokensPerSecond:N0} tokens/s");
            return !(KeepsBest && _withoutGain >= Monitor.EarlyStop) && !(_clock.Elapsed >= Monitor.TimeLimit);
        }

        public void Finish(TrainingResult result, int started, CancellationToken cancellationToken)
        {
            var isWorn = KeepsBest && _withoutGain > 0 && _savedStep >= 0 && (result.End == TrainingEnd.Complete || _withoutGain >= Monitor.EarlyStop);
            if (isWorn)
            {
                var best = Checkpoint.FindState(run.Output)!;
                Checkpoint.Resume(run.Output, model, optimizer);
                SaveAtTheEnd(best with { IsStoppedEarly = true }, cancellationToken);
                Console.WriteLine($"kept step {best.Step}, which had the lowest held-out loss, {_best:F4}");
            }
            else if (result.End == TrainingEnd.Complete)
            {
                SaveAtTheEnd(State(result.Step, result.Loss), cancellationToken);
            }
            else
            {
                Stop(result, started, cancellationToken);
            }
        }

        private void Stop(TrainingResult result, int started, CancellationToken cancellationToken)
        {
            var isNew = !_keepsEarlier && result.Step > started && !(KeepsBest && _savedStep >= 0);
            if (isNew)
            {
                SaveAtTheEnd(State(result.Step, result.Loss), CancellationToken.None);
            }

            var left = isNew ? $"the checkpoint '{run.Output}' holds them. Run the same command with --resume to go on."
                : _savedStep >= 0 ? $"the checkpoint '{run.Output}' holds step {_savedStep}. Run the same command with --resume to go on from there."
                : $"'{run.Output}' is as it was.";
            var message = $"Stopped after step {result.Step} of {Steps}; {left}";
            if (cancellationToken.IsCancellationRequested)
            {
                throw new CommandCancelledException(message);
            }

            Console.WriteLine($"The time limit of {Monitor.TimeLimit} is reached. {message}");
        }

        private void Evaluate(TrainingProgress progress, TrainingLog log)
        {
            var loss = heldOut!.Measure();
            _latest = loss;
            _withoutGain = loss < _best ? 0 : _withoutGain + 1;
            _best = Math.Min(_best, loss);
            log.WriteHeldOut(progress.Step, loss);
        }

        private void SaveOnTheWay(TrainingProgress progress)
        {
            try
            {
                Save(State(progress.Step, progress.MeanLoss));
            }
            catch (IOException e)
            {
                Console.Error.WriteLine($"warning: no checkpoint at step {progress.Step}: {e.Message} Training goes on{(_savedStep >= 0 ? $"; '{run.Output}' holds step {_savedStep}" : "")}.");
            }
        }

        // Hours of training wait for somebody to make room.
        private void SaveAtTheEnd(TrainingState state, CancellationToken cancellationToken)
        {
            var clock = Stopwatch.StartNew();
            while (true)
            {
                try
                {
                    Save(state);
                    return;
                }
                catch (IOException e) when (clock.Elapsed < SavePatience && !cancellationToken.IsCancellationRequested)
                {
                    Console.Error.WriteLine($"warning: {e.Message} Trying again for {SavePatience - clock.Elapsed:mm\\:ss}; make room for the checkpoint, or press Ctrl-C to give it up.");
                    cancellationToken.WaitHandle.WaitOne(SaveInterval);
                }
            }
        }

        private void Save(TrainingState state)
        {
            Checkpoint.Save(run.Output, model, optimizer, run.TokenizerFolder, run.Recipe.Generation, state);
            _savedStep = state.Step;
        }

        private TrainingState State(int step, double loss) => new()
        {
            Stage = run.Stage,
            Recipe = run.Recipe.Name,
            Settings = run.Settings(model),
            Inputs = inputs,
            Step = step,
            Steps = Steps,
            Seed = run.Options.Run.Seed,
            Loss = loss,
            BestHeldOutLoss = double.IsFinite(_best) ? _best : null,
        };
    }
}
