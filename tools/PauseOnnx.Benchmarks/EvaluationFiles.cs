using System.Text.Json;
using PauseOnnx.Model;
using PauseOnnx.Tasks;

namespace PauseOnnx.Benchmarks;

/// <summary>A model and the questions that it is asked, as files for our process and the peer's.</summary>
/// <param name="folder">Where they lie.</param>
internal sealed class EvaluationFiles(string folder)
{
    /// <summary>Answers are written, those of SQuAD, and choices are scored, those of HellaSwag.</summary>
    public static readonly IReadOnlyList<ITask> Tasks = [TaskList.Get("squad"), TaskList.Get("hellaswag")];

    /// <summary>Where they lie.</summary>
    public string Folder => folder;

    /// <summary>The model's folder, for <c>PauseModel.Load</c> and transformers.js.</summary>
    public string Model => Path.Combine(folder, "model");

    /// <summary>Writes everything anew.</summary>
    /// <param name="checkpoint">Folder of the checkpoint.</param>
    /// <param name="questions">Questions of each task.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Bytes that a decode step must read.</returns>
    public long Write(string checkpoint, int questions, CancellationToken cancellationToken)
    {
        Delete();
        var bytesPerToken = RuntimeFiles.WriteModel(checkpoint, Model, [GraphPrecision.Fp32])[GraphPrecision.Fp32];
        foreach (var task in Tasks)
        {
            Directory.CreateDirectory(Data(task));
            task.Generate(Data(task), trainCount: 1, questions, seed: 0, cancellationToken);
            File.WriteAllText(Path.Combine(folder, $"{task.Name}.json"), JsonSerializer.Serialize(Read(task).Select(q => new { q.Prompt, q.Choices })));
        }

        return bytesPerToken;
    }

    /// <summary>The questions, in the order of the task's files.</summary>
    public IReadOnlyList<Question> Read(ITask task) => [.. task.Read(Data(task), Split.HeldOut, new RecordFaults())];

    /// <summary>Deletes what was written.</summary>
    public void Delete()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private string Data(ITask task) => Path.Combine(folder, task.Name);
}
