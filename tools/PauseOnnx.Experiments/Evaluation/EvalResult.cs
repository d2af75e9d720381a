using System.Text.Json.Serialization;
using PauseOnnx.Model;

namespace PauseOnnx.Experiments;

/// <summary>What stands between question and answer.</summary>
public enum Delay
{
    /// <summary>Pauses after the question, as the graph appends them.</summary>
    Append,

    /// <summary>Pauses before the question: the paper's ablation.</summary>
    Prepend,

    /// <summary>As many ordinary tokens after the question: the paper's baseline for a standard model.</summary>
    Filler,
}

/// <summary>What <c>pauseonnx eval</c> measured of one model on one data set: one JSON file, from which tables and figures are made.</summary>
public sealed record EvalResult
{
    /// <summary>Name of the exported folder.</summary>
    public required string Name { get; init; }

    /// <summary>The exported folder, as the user gave it.</summary>
    public required string Model { get; init; }

    /// <summary>The data, as the user gave it.</summary>
    public required string Data { get; init; }

    /// <summary>Name of the task, one of those that <c>pauseonnx task</c> lists.</summary>
    public required string Task { get; init; }

    /// <summary>Stages the model has been through, in the words of <see cref="PauseConfig.Trainings"/>.</summary>
    public required string PauseTraining { get; init; }

    /// <summary>The model's own M_inf, in tokens: what the file was exported with; with pauses before the question, what the checkpoint says.</summary>
    public required int PauseCount { get; init; }

    /// <summary>What stood between question and answer.</summary>
    public Delay Delay { get; init; }

    /// <summary>The filler, of one token; null for pauses.</summary>
    public string? Filler { get; init; }

    /// <summary>The graph that answered, one of <see cref="GraphPrecisions.Names"/>.</summary>
    public string Precision { get; init; } = GraphPrecisions.NameOf(GraphPrecision.Fp32);

    /// <summary>Records that were malformed and left out.</summary>
    public int FaultyRecords { get; init; }

    /// <summary>One entry for each number of pauses tried, ascending, at least one.</summary>
    public required IReadOnlyList<EvalPoint> Points { get; init; }

    /// <summary>The entry of the model's own number of pauses, or of the largest one tried where that was not.</summary>
    [JsonIgnore]
    public EvalPoint Own => Points.FirstOrDefault(p => p.PauseCount == PauseCount) ?? Points[^1];

    /// <summary>Reads a result.</summary>
    /// <exception cref="ModelFormatException">The file is not a result.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static EvalResult Read(string file) => JsonRecord.Read<EvalResult>(file);

    /// <summary>Writes a result; an earlier file stays whole until the new one is.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public void Write(string file) => JsonRecord.Write(file, this);
}

/// <summary>How well a model answered with one number of pauses, and at what cost.</summary>
public sealed record EvalPoint
{
    /// <summary>M_inf: pauses, or filler tokens, of each question.</summary>
    public required int PauseCount { get; init; }

    /// <summary>Number of questions.</summary>
    public required int Questions { get; init; }

    /// <summary>Mean of each of the task's metrics, by its name, the task's own first.</summary>
    public required IReadOnlyDictionary<string, MetricValue> Metrics { get; init; }

    /// <summary>Mean number of prompt tokens of a question, pauses not included.</summary>
    public required double PromptTokens { get; init; }

    /// <summary>Mean number of tokens computed for an answer: the written one with its stop token, and all choices.</summary>
    public required double AnswerTokens { get; init; }

    /// <summary>Questions answered and marked in a second, in batches.</summary>
    public required double QuestionsPerSecond { get; init; }

    /// <summary>Most questions in a batch.</summary>
    public required int BatchSize { get; init; }

    /// <summary>Median time of one question asked alone, in milliseconds; null where that was not measured.</summary>
    public double? AnswerMilliseconds { get; init; }
}

/// <summary>A mean over questions, and where the true one lies with 95 % confidence.</summary>
/// <param name="Mean">0-1.</param>
/// <param name="Low">Lower end: Wilson's interval for right or wrong, else the normal one.</param>
/// <param name="High">Upper end.</param>
public readonly record struct MetricValue(double Mean, double Low, double High);
