using System.Text.Json;
using System.Text.Json.Nodes;
using PauseOnnx.Model;

namespace PauseOnnx.Tasks;

/// <summary>How many answers a model got exactly right with a number of pauses.</summary>
/// <param name="PauseCount">M_inf: pauses appended to each question, in tokens.</param>
/// <param name="Correct">Number of answers equal to the expected text.</param>
/// <param name="Total">Number of questions.</param>
public sealed record PauseAccuracy(int PauseCount, int Correct, int Total)
{
    /// <summary>Fraction of exact answers, 0-1.</summary>
    public double Accuracy => (double)Correct / Total;
}

/// <summary>What <c>pauseonnx eval</c> measured: one JSON file, from which tables and charts are made.</summary>
public sealed record EvalResult
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Name of the exported folder, such as <c>PausePT_PauseFT</c>.</summary>
    public required string Name { get; init; }

    /// <summary>The exported folder, as the user gave it.</summary>
    public required string Model { get; init; }

    /// <summary>The examples, as the user gave them.</summary>
    public required string Data { get; init; }

    /// <summary>Name of the task that made the examples; null when they do not come from one.</summary>
    public string? Task { get; init; }

    /// <summary>Stages the model has been through, in the words of <see cref="PauseConfig.Trainings"/>.</summary>
    public required string PauseTraining { get; init; }

    /// <summary>M_inf that the file was exported with, in tokens.</summary>
    public required int PauseCount { get; init; }

    /// <summary>The graph that answered, one of <see cref="GraphPrecisions.Names"/>.</summary>
    /// <value>Default: fp32, also in results that do not say.</value>
    public string Precision { get; init; } = GraphPrecisions.NameOf(GraphPrecision.Fp32);

    /// <summary>One entry for each number of pauses tried, at least one.</summary>
    public required IReadOnlyList<PauseAccuracy> Results { get; init; }

    /// <summary>The accuracy with the model's own number of pauses, or with the largest one tried where that was not.</summary>
    public PauseAccuracy Own => Results.FirstOrDefault(r => r.PauseCount == PauseCount) ?? Results.MaxBy(r => r.PauseCount)!;

    /// <summary>Reads a result.</summary>
    /// <exception cref="ModelFormatException">The file is not a result; the message lists every fault.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static EvalResult Read(string file)
    {
        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(file), "", faults);
        var result = new EvalResult
        {
            Name = fields.Text("name"),
            Model = fields.Text("model"),
            Data = fields.Text("data"),
            Task = fields.Has("task") ? fields.Text("task") : null,
            PauseTraining = fields.Text("pause_training"),
            PauseCount = fields.WholeNumber("pause_count"),
            Precision = fields.Has("precision") ? fields.Text("precision") : GraphPrecisions.NameOf(GraphPrecision.Fp32),
            Results = ReadResults(fields, faults),
        };
        ModelFormatException.ThrowIfAny(faults, file);
        return result;
    }

    /// <summary>Writes a result; an earlier file stays whole until the new one is.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string file)
    {
        var json = new JsonObject
        {
            ["name"] = Name,
            ["model"] = Model,
            ["data"] = Data,
            ["task"] = Task,
            ["pause_training"] = PauseTraining,
            ["pause_count"] = PauseCount,
            ["precision"] = Precision,
            ["results"] = new JsonArray([.. Results.Select(r => new JsonObject
            {
                ["pause_count"] = r.PauseCount,
                ["correct"] = r.Correct,
                ["total"] = r.Total,
                ["accuracy"] = Math.Round(r.Accuracy, 6),
            })]),
        };
        AtomicFile.Write(file, temporary => File.WriteAllText(temporary, json.ToJsonString(Indented) + "\n"));
    }

    private static List<PauseAccuracy> ReadResults(JsonFields fields, List<string> faults)
    {
        var results = new List<PauseAccuracy>();
        if (fields.Raw("results") is not { ValueKind: JsonValueKind.Array } array || array.GetArrayLength() == 0)
        {
            faults.Add("'results' is missing or empty; expected a list of objects");
            return results;
        }

        foreach (var (i, entry) in array.EnumerateArray().Index())
        {
            if (entry.ValueKind != JsonValueKind.Object)
            {
                faults.Add($"'results[{i}]' is {entry.ValueKind}; expected an object");
                continue;
            }

            var item = new JsonFields(entry, $"results[{i}].", faults);
            var total = item.WholeNumber("total", min: 1);
            results.Add(new PauseAccuracy(item.WholeNumber("pause_count"), item.WholeNumber("correct", max: total), total));
        }

        return results;
    }
}
