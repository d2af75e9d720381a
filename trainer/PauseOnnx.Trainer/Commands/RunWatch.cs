using System.Diagnostics;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Trainer;

/// <summary>
/// What happens between the steps of one run, on rank 0: measuring, logging, saving, and the decision to stop. The folder
/// holds the latest checkpoint; with early stopping the best one is beside it until the run ends, and then takes its place.
/// </summary>
/// <param name="run">The run.</param>
/// <param name="model">What is trained.</param>
/// <param name="optimizer">Of the model.</param>
/// <param name="heldOut">What is measured; null for nothing.</param>
/// <param name="inputs">See <see cref="TrainingState.Inputs"/>.</param>
/// <param name="earlier">The state that the run goes on from; null at its beginning.</param>
internal sealed class RunWatch(TrainingRun run, LanguageModel model, AdamW optimizer, HeldOutLoss? heldOut, string inputs, TrainingState? earlier)
{
    // How long the last checkpoint waits for room on a full disk.
    private static readonly TimeSpan SavePatience = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan SaveInterval = TimeSpan.FromSeconds(15);

    private readonly Stopwatch _clock = Stopwatch.StartNew();

    // A result that is complete is worth more than part of this one.
    private readonly bool _keepsEarlier = earlier is null && Checkpoint.FindState(run.Output) is { IsPartial: false };
    private double _best = earlier?.BestHeldOutLoss ?? double.PositiveInfinity;
    private int _withoutGain = earlier?.MeasurementsWithoutGain ?? 0;
    private int _savedStep = earlier?.Step ?? 0;
    private double? _latest;
    private Reason _reason;

    private enum Reason
    {
        None,
        EarlyStop,
        TimeLimit,
    }

    private string BestFolder { get; } = BestFolderOf(run.Output);

    private MonitorOptions Monitor => run.Monitor;

    private int Steps => run.Options.Run.Steps;

    private bool KeepsBest => Monitor.EarlyStop > 0;

    // A run that keeps its best checkpoint must be resumable from a step that is not long before it.
    private int SaveEvery => Monitor.SaveEvery > 0 || !KeepsBest ? Monitor.SaveEvery : Monitor.EvalEvery;

    /// <summary>Where a run with early stopping keeps its best checkpoint until it ends: beside <paramref name="output"/>.</summary>
    public static string BestFolderOf(string output) => Path.TrimEndingDirectorySeparator(Path.GetFullPath(output)) + "-best";

    /// <summary>Logs, measures and saves.</summary>
    /// <returns>Whether to go on.</returns>
    public bool AfterStep(TrainingProgress progress, TrainingLog log, Action<long, string> report)
    {
        log.Write(progress);
        if (Monitor.EvalEvery > 0 && heldOut is not null && (progress.Step % Monitor.EvalEvery == 0 || progress.Step == Steps))
        {
            Evaluate(progress, log);
        }

        if (SaveEvery > 0 && progress.Step % SaveEvery == 0 && progress.Step < Steps)
        {
            SaveOnTheWay(run.Output, progress);
        }

        report(progress.Step, $"loss {progress.MeanLoss:F4}{(_latest is { } l ? $", held-out {l:F4}" : "")}, {progress.TokensPerSecond:N0} tokens/s");
        _reason = _reason != Reason.None ? _reason
            : KeepsBest && _withoutGain >= Monitor.EarlyStop ? Reason.EarlyStop
            : _clock.Elapsed >= Monitor.TimeLimit ? Reason.TimeLimit
            : Reason.None;
        return _reason == Reason.None;
    }

    /// <summary>Writes what the run came to.</summary>
    /// <exception cref="CommandCancelledException">The user pressed Ctrl-C, and the run is not complete.</exception>
    public void Finish(TrainingResult result, CancellationToken cancellationToken)
    {
        if (result.End == TrainingEnd.Stopped && _reason != Reason.EarlyStop)
        {
            Stop(result, cancellationToken);
            return;
        }

        if (KeepsBest && Checkpoint.FindState(BestFolder) is { } best && best.BestHeldOutLoss == _best && best.Step < result.Step)
        {
            Checkpoint.Resume(BestFolder, model, optimizer);
            SaveAtTheEnd(best with { IsStoppedEarly = true }, cancellationToken);
            Console.WriteLine($"kept step {best.Step} of {result.Step}, which had the lowest held-out loss, {_best:F4}");
        }
        else
        {
            SaveAtTheEnd(State(result.Step, result.Loss) with { IsStoppedEarly = _reason == Reason.EarlyStop }, cancellationToken);
        }

        if (KeepsBest && Directory.Exists(BestFolder))
        {
            Directory.Delete(BestFolder, recursive: true);
        }
    }

    private void Stop(TrainingResult result, CancellationToken cancellationToken)
    {
        if (!_keepsEarlier && result.Step > _savedStep)
        {
            SaveAtTheEnd(State(result.Step, result.Loss), cancellationToken);
        }

        var left = _keepsEarlier || _savedStep == 0
            ? $"'{run.Output}' is as it was."
            : $"the checkpoint '{run.Output}' holds them. Run the same command with --resume to go on.";
        var message = $"Stopped after step {result.Step} of {Steps}; {left}";
        if (_reason == Reason.TimeLimit && !cancellationToken.IsCancellationRequested)
        {
            Console.WriteLine($"The time limit of {Monitor.TimeLimit} is reached. {message}");
            return;
        }

        throw new CommandCancelledException(message);
    }

    private void Evaluate(TrainingProgress progress, TrainingLog log)
    {
        var loss = heldOut!.Measure();
        (_latest, _withoutGain) = (loss, loss < _best ? 0 : _withoutGain + 1);
        _best = Math.Min(_best, loss);
        log.WriteHeldOut(progress.Step, loss);
        if (KeepsBest && _withoutGain == 0)
        {
            SaveOnTheWay(BestFolder, progress);
        }
    }

    private void SaveOnTheWay(string folder, TrainingProgress progress)
    {
        try
        {
            Save(folder, State(progress.Step, progress.MeanLoss));
        }
        catch (IOException e)
        {
            Console.Error.WriteLine($"warning: no checkpoint at step {progress.Step}: {e.Message} Training goes on{(_savedStep > 0 ? $"; '{run.Output}' holds step {_savedStep}" : "")}.");
        }
    }

    // Hours of training wait for somebody to make room.
    private void SaveAtTheEnd(TrainingState state, CancellationToken cancellationToken)
    {
        var (clock, isCancelled) = (Stopwatch.StartNew(), cancellationToken.IsCancellationRequested);
        while (true)
        {
            try
            {
                Save(run.Output, state);
                return;
            }
            catch (IOException e) when (clock.Elapsed < SavePatience && (isCancelled || !cancellationToken.IsCancellationRequested))
            {
                var wayOut = isCancelled ? "or end the program to give it up" : "or press Ctrl-C to give it up";
                Console.Error.WriteLine($"warning: {e.Message} Trying again for {SavePatience - clock.Elapsed:mm\\:ss}; make room for the checkpoint, {wayOut}.");
                (isCancelled ? CancellationToken.None : cancellationToken).WaitHandle.WaitOne(SaveInterval);
            }
        }
    }

    private void Save(string folder, TrainingState state)
    {
        Checkpoint.Save(folder, model, optimizer, run.TokenizerFolder, run.Recipe.Generation, state);
        _savedStep = folder == run.Output ? state.Step : _savedStep;
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
        MeasurementsWithoutGain = _withoutGain,
    };
}
