using System.Text.Json;
using PauseOnnx.Model;

namespace PauseOnnx.Tasks;

/// <summary>An example data folder: tokenizer, training examples, held-out examples, and what they were made from.</summary>
public static class TaskData
{
    /// <summary>The file that says what the examples were made from.</summary>
    public const string Description = "task.json";

    /// <summary>
    /// Enough for 4000 steps of 64 documents, so that no stage of the Luhn recipe sees a document twice.
    /// </summary>
    public const int DefaultTrainCount = 256_000;

    /// <summary>Enough to know an accuracy to within a percentage point or two.</summary>
    public const int DefaultHeldOutCount = 4096;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true };

    /// <summary>Writes a folder; replaces an earlier one of the same kind.</summary>
    /// <param name="folder">Folder to write.</param>
    /// <param name="task">What to ask.</param>
    /// <param name="trainCount">Number of examples with worked solutions, none of them held out.</param>
    /// <param name="heldOutCount">Number of examples for evaluation, all of them held out.</param>
    /// <param name="seed">The same seed gives the same files.</param>
    /// <param name="cancellationToken">Leaves an earlier folder as it was.</param>
    /// <exception cref="IOException">The folder cannot be written, or holds something else.</exception>
    public static void Write(
        string folder, ISyntheticTask task, int trainCount, int heldOutCount, int seed, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(trainCount, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(heldOutCount, 1);
        AtomicFolder.Write(folder, FileNames.HeldOut, temporary =>
        {
            TokenizerFiles.Write(temporary, [.. task.Symbols.Select(s => s.ToString())], []);
            var random = new Random(seed);
            WriteExamples(FileNames.HeldOut, heldOutCount, heldOut: true);
            WriteExamples(FileNames.Train, trainCount, heldOut: false);
            var description = new { task = task.Name, train = trainCount, heldout = heldOutCount, seed };
            File.WriteAllText(Path.Combine(temporary, Description), JsonSerializer.Serialize(description, Indented) + "\n");

            void WriteExamples(string file, int count, bool heldOut) => ExampleFile.Write(
                Path.Combine(temporary, file), Examples(task, random, heldOut, cancellationToken).Take(count));
        });
    }

    /// <summary>The task whose examples a file or folder holds; null when nothing there says so.</summary>
    /// <exception cref="ModelFormatException">task.json is there and is not valid.</exception>
    public static ISyntheticTask? FindTask(string examples)
    {
        var file = Path.Combine(Directory.Exists(examples) ? examples : Path.GetDirectoryName(examples) ?? "", Description);
        if (!File.Exists(file))
        {
            return null;
        }

        var faults = new List<string>();
        var name = new JsonFields(JsonFields.ParseObject(file), "", faults).Text("task");
        ModelFormatException.ThrowIfAny(faults, file);
        return TaskList.Find(name);
    }

    private static IEnumerable<Example> Examples(ISyntheticTask task, Random random, bool heldOut, CancellationToken cancellationToken)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var example = task.Generate(random);
            if (HeldOut.Contains(example.Prefix) == heldOut)
            {
                yield return example;
            }
        }
    }
}
