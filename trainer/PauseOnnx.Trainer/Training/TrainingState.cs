using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;
using PauseOnnx.Model;
using TorchSharp;

namespace PauseOnnx.Trainer;

/// <summary>
/// trainer/state.json: where a run stands. Together with the moments of the optimizer it is all that a resumption needs:
/// weights, batches, pauses and dropout are drawn from the seed and the step, so there is no generator's state to keep.
/// </summary>
public sealed record TrainingState
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary><c>pretrain</c> or <c>finetune</c>.</summary>
    public required string Stage { get; init; }

    /// <summary>Name of the recipe.</summary>
    public required string Recipe { get; init; }

    /// <summary>Options of the stage and shape of the model, which a resumption must repeat.</summary>
    public required string Settings { get; init; }

    /// <summary>SHA-256 of the data and of the checkpoint that the run began with, if any; a resumption needs the same.</summary>
    public required string Inputs { get; init; }

    /// <summary>Steps done; also the position in the data, as each step has its batch.</summary>
    public required int Step { get; init; }

    /// <summary>Steps of the whole run.</summary>
    public required int Steps { get; init; }

    /// <summary>Seed of weights and data.</summary>
    public required int Seed { get; init; }

    /// <summary>Running mean of the loss, in nats a target.</summary>
    public required double Loss { get; init; }

    /// <summary>Whether the run ended before its last step because the held-out loss no longer fell.</summary>
    public bool IsStoppedEarly { get; init; }

    /// <summary>Lowest held-out loss so far, in nats a target; null when none was measured.</summary>
    public double? BestHeldOutLoss { get; init; }

    /// <summary>Measurements of the held-out loss since then.</summary>
    public int MeasurementsWithoutGain { get; init; }

    /// <summary>Whether steps are left to do.</summary>
    public bool IsPartial => Step < Steps && !IsStoppedEarly;

    /// <summary>Reads a state.json.</summary>
    /// <exception cref="ModelFormatException">The file is not valid; every fault is listed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TrainingState Read(string file)
    {
        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(file), "", faults);
        var state = new TrainingState
        {
            Stage = fields.Text("stage", null, ["pretrain", "finetune"]),
            Recipe = fields.Text("recipe"),
            Settings = fields.Text("settings"),
            Inputs = fields.Text("inputs"),
            Step = fields.WholeNumber("step"),
            Steps = fields.WholeNumber("steps"),
            Seed = fields.WholeNumber("seed"),
            Loss = fields.Number("loss"),
            IsStoppedEarly = fields.Flag("stopped_early", false),
            MeasurementsWithoutGain = fields.WholeNumber("measurements_without_gain", 0),
            BestHeldOutLoss = fields.Has("best_held_out_loss") ? fields.Number("best_held_out_loss") : null,
        };
        ModelFormatException.ThrowIfAny(faults, file);
        return state;
    }

    /// <summary>Writes a state.json, with the versions of what made it.</summary>
    public void Write(string file)
    {
        var json = new JsonObject
        {
            ["stage"] = Stage,
            ["recipe"] = Recipe,
            ["step"] = Step,
            ["steps"] = Steps,
            ["seed"] = Seed,
            ["loss"] = Loss,
            ["best_held_out_loss"] = BestHeldOutLoss,
            ["measurements_without_gain"] = MeasurementsWithoutGain,
            ["stopped_early"] = IsStoppedEarly,
            ["settings"] = Settings,
            ["inputs"] = Inputs,
            ["libtorch_version"] = torch.__version__,
            ["mkl"] = MklPath.Use(),
            ["pauseonnx_version"] = typeof(TrainingState).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion,
        };
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllText(file, json.ToJsonString(Indented) + "\n");
    }
}
