using System.Reflection;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tasks;

namespace PauseOnnx.Experiments;

/// <summary>The jobs that ask an exported model: how well it answers, and then how fast when nothing else runs.</summary>
/// <param name="experiment">The experiment.</param>
/// <param name="folder">Where everything is.</param>
/// <param name="threads">Threads of a call.</param>
internal sealed class EvaluationStages(Experiment experiment, ExperimentFolder folder, int threads)
{
    /// <summary>Measures a cell and writes its result.</summary>
    /// <param name="job">The cell.</param>
    /// <param name="sha256">What the cell was made from and made.</param>
    /// <param name="seconds">What each stage before took.</param>
    /// <param name="report">Called with the part done, 0-1.</param>
    /// <param name="cancellationToken">Leaves no result.</param>
    public void Evaluate(
        Job job, IReadOnlyDictionary<string, string> sha256, Func<TimeSpan, IReadOnlyDictionary<string, double>> seconds, Action<double> report, CancellationToken cancellationToken)
    {
        var begin = TimeProvider.System.GetTimestamp();
        var source = job.Task!;
        var (task, faults) = (TaskList.Get(source.Task), new RecordFaults());
        Question[] questions = [.. task.Read(folder.Data(source), Split.HeldOut, faults)];
        faults.ThrowIfTooMany(folder.Data(source));
        questions = experiment.Limit is { } limit ? [.. questions.Take(limit)] : questions;
        using var model = Load(job);
        var counts = job.Variant!.PauseCounts(experiment.MInf);
        var total = (double)counts.Count * questions.Length;
        var points = new TaskEvaluation(model, task, questions, Options(job)).Run(counts, (done, _) => report(done / total), cancellationToken);
        var modelFolder = folder.Model(job.Before(Stage.Export)!);
        new CellResult
        {
            Id = job.Name,
            Experiment = experiment.Name,
            Variant = job.Variant.Name,
            Task = task.Name,
            MFt = job.MFt.ToString(),
            Seed = job.Seed,
            Evaluation = new EvalResult
            {
                Name = Path.GetFileName(modelFolder),
                Model = Path.GetRelativePath(folder.Root, modelFolder).Replace('\\', '/'),
                Data = source.Data ?? Path.GetRelativePath(folder.Root, folder.Data(source)).Replace('\\', '/'),
                Task = task.Name,
                PauseTraining = model.Config.Pause?.Training ?? "none",
                PauseCount = PauseCountOf(job, model),
                Delay = job.Variant.Delay,
                Filler = FillerOf(job),
                Precision = GraphPrecisions.NameOf(model.Precision),
                FaultyRecords = faults.Faulty,
                Points = points,
            },
            Model = ModelSize.Of(model.Config),
            Sha256 = sha256,
            Seconds = seconds(TimeProvider.System.GetElapsedTime(begin)),
            Machine = $"{Processor.Name}, {threads} {(threads == 1 ? "thread" : "threads")} a cell, PauseOnnx {Version}",
        }.Write(folder.Result(job));
    }

    /// <summary>Asks a few questions of a cell one at a time, and adds the time of an answer to its result.</summary>
    public void Time(Job job, Action<double> report, CancellationToken cancellationToken)
    {
        var result = CellResult.Read(folder.Result(job));
        if (result.Evaluation.Points.All(p => p.AnswerMilliseconds is not null))
        {
            return;
        }

        var task = TaskList.Get(result.Task);
        Question[] questions = [.. task.Read(folder.Data(job.Task!), Split.HeldOut, new RecordFaults()).Take(experiment.LatencyQuestions)];
        using var model = Load(job);
        int[] counts = [.. result.Evaluation.Points.Select(p => p.PauseCount)];
        var total = (double)counts.Length * questions.Length;
        var timed = new TaskEvaluation(model, task, questions, Options(job) with { LatencyQuestions = questions.Length })
            .Run(counts, (done, _) => report(done / total), cancellationToken)
            .ToDictionary(p => p.PauseCount, p => p.AnswerMilliseconds);
        var points = result.Evaluation.Points.Select(p => p with { AnswerMilliseconds = timed[p.PauseCount] });
        (result with { Evaluation = result.Evaluation with { Points = [.. points] } }).Write(folder.Result(job));
    }

    private static string Version => typeof(EvaluationStages).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()!.InformationalVersion.Split('+')[0];

    // A graph knows nothing of pauses before the question: their number stands in the checkpoint alone.
    private int PauseCountOf(Job job, PauseModel model) => job.Variant!.Delay == Delay.Prepend
        ? ModelConfigJson.Read(Path.Combine(folder.Checkpoint(job.Before(Stage.Finetune)!), FileNames.Config)).Pause?.Count ?? 0
        : model.PauseCount;

    private PauseModel Load(Job job) => PauseModel.Load(folder.Model(job.Before(Stage.Export)!), new PauseModelOptions { IntraOpThreads = threads });

    private TaskEvaluationOptions Options(Job job) => new() { Delay = job.Variant!.Delay, Filler = FillerOf(job) };

    private string? FillerOf(Job job) => job.Variant!.Delay == Delay.Filler ? experiment.Filler : null;
}

/// <summary>The weights of a model, counted.</summary>
internal static class ModelSize
{
    /// <summary>Counts them from the configuration.</summary>
    public static CellModel Of(ModelConfig config)
    {
        var names = new WeightNames(config);
        var weights = names.All().ToArray();
        static long Count(WeightSpec weight) => weight.Shape.Aggregate(1L, (product, length) => product * length);
        string[] tables = [names.Embedding, names.Head, WeightNames.Positions];
        return new CellModel(
            weights.Sum(Count),
            weights.Where(w => w.Shape.Count == 2 && !tables.Contains(w.Name)).Sum(Count),
            (long)config.VocabSize * config.HiddenSize,
            config.NumHiddenLayers,
            config.HiddenSize);
    }
}
