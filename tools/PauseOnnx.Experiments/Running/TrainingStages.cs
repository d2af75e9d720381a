using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using PauseOnnx.Model;

namespace PauseOnnx.Experiments;

/// <summary>The jobs that other programs do: the trainer's, and the export.</summary>
/// <param name="experiment">The experiment.</param>
/// <param name="folder">Where everything goes.</param>
/// <param name="programs">What is started.</param>
/// <param name="threads">Threads of a training.</param>
internal sealed partial class TrainingStages(Experiment experiment, ExperimentFolder folder, ExperimentPrograms programs, int threads)
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>The command line of a job; null when what it makes is whole already.</summary>
    /// <param name="job">A job of <see cref="Stage.Prepare"/>, <see cref="Stage.Pretrain"/>, <see cref="Stage.Finetune"/> or <see cref="Stage.Export"/>.</param>
    /// <param name="givenCheckpoint">The pretrained checkpoint of the experiment; null where it is trained here.</param>
    public (ProgramCommand Program, string[] Arguments)? Command(Job job, string? givenCheckpoint)
    {
        switch (job.Stage)
        {
            case Stage.Prepare:
                var source = experiment.Pretraining;
                return (programs.Trainer, ["prepare", folder.Text, "--out", folder.Tokens, "--vocab-size", $"{source.VocabSize}", "--held-out", Text(source.HeldOut), "--workers", $"{threads}"]);
            case Stage.Export:
                return (programs.PauseOnnx, ["export", folder.Checkpoint(job.Before(Stage.Finetune)!), "--out", folder.Model(job), "--pause-count", PauseCountOf(job)]);
            default:
                return Training(job, givenCheckpoint);
        }
    }

    /// <summary>The part of a job that is done, 0-1, as a line of the trainer's output tells it; null where it tells nothing.</summary>
    public static double? Progress(string line) => ProgressLine().Match(line) is { Success: true } match
        ? double.Parse(match.Groups["done"].Value, CultureInfo.InvariantCulture) / double.Parse(match.Groups["total"].Value, CultureInfo.InvariantCulture)
        : null;

    private (ProgramCommand, string[])? Training(Job job, string? givenCheckpoint)
    {
        var state = TrainedState.Find(Path.Combine(folder.Checkpoint(job), FileNames.TrainerState));
        if (state is { IsComplete: true })
        {
            return null;
        }

        var recipe = folder.Recipe(job);
        AtomicFile.Write(recipe, temporary => File.WriteAllText(temporary, RecipePatch.For(job, experiment.Recipe).ToJsonString(Indented) + "\n"));
        string[] from = job.Stage == Stage.Pretrain ? [] : ["--checkpoint", givenCheckpoint ?? folder.Checkpoint(job.Before(Stage.Pretrain)!)];
        string[] resume = state is null ? [] : ["--resume"];
        return (programs.Trainer,
            [job.StageName, "--recipe", recipe, "--data", DataOf(job), "--out", folder.Checkpoint(job), "--threads", $"{threads}", .. from, .. resume]);
    }

    private string DataOf(Job job) => job.Task is { } task ? folder.Examples(task) : experiment.Pretraining.Data ?? folder.Tokens;

    // Pauses before the question are the host's own tokens: the graph can only add them behind it.
    private static string PauseCountOf(Job export) => export.Variant!.Delay == Delay.Prepend ? "0" : "dynamic";

    private static string Text(double value) => value.ToString(CultureInfo.InvariantCulture);

    // pretrain 120/4000 loss 2.31, 00:01:10 left
    [GeneratedRegex(@"^(pretrain|finetune) (?<done>\d+)/(?<total>[1-9]\d*) ")]
    private static partial Regex ProgressLine();
}

/// <summary>The programs that an experiment starts.</summary>
/// <param name="Trainer"><c>pauseonnx-train</c>.</param>
/// <param name="PauseOnnx"><c>pauseonnx</c>, for its export.</param>
public sealed record ExperimentPrograms(ProgramCommand Trainer, ProgramCommand PauseOnnx);

/// <summary>Where a training stands, as the trainer's state.json says it.</summary>
/// <param name="IsComplete">Whether no step is left to do.</param>
internal sealed record TrainedState(bool IsComplete)
{
    /// <summary>Reads a state; null when there is none.</summary>
    /// <exception cref="ModelFormatException">The file is not valid.</exception>
    public static TrainedState? Find(string file)
    {
        if (!File.Exists(file))
        {
            return null;
        }

        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(file), "", faults);
        var state = new TrainedState(fields.WholeNumber("step") >= fields.WholeNumber("steps") || fields.Flag("stopped_early", false));
        ModelFormatException.ThrowIfAny(faults, file);
        return state;
    }
}
