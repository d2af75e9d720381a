using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

/// <summary>Models, batches and data folders of a few tokens for the trainer's tests.</summary>
internal static class TinyModels
{
    public const int Pause = TinyCheckpoint.OrdinaryVocabSize;

    /// <summary>One case for each structure a family can have.</summary>
    public static IEnumerable<TestCaseData> Cases => TinyCheckpoint.Configs.Select(c => new TestCaseData(c.Value).SetArgDisplayNames(c.Key));

    /// <summary>A model with the weights of <see cref="TinyCheckpoint"/>, and the same in plain loops.</summary>
    public static (LanguageModel Model, PlainTransformer Plain) Load(ModelConfig config)
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, config);
        return (Checkpoint.LoadModel(folder.Root), new PlainTransformer(folder.Root));
    }

    /// <summary>A new model by default initialization.</summary>
    public static LanguageModel Create(ModelConfig config, int seed = 1)
    {
        var model = new LanguageModel(config);
        new Initialization().Draw(model, seed);
        return model;
    }

    /// <summary>Random ordinary ids.</summary>
    public static int[] Ids(int count, int seed)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(TinyCheckpoint.OrdinaryVocabSize))];
    }

    /// <summary>Three question, pauses and answer sequences of unequal length; a different batch each step.</summary>
    public static TrainingBatch Batch(int step) => TrainingBatch.Pack(Rows(step));

    /// <summary>The sequences of <see cref="Batch"/>.</summary>
    public static IReadOnlyList<TrainingSequence> Rows(int step) => [.. Enumerable.Range(0, 3).Select(row =>
        PauseInjection.Place(new TokenizedExample(Ids(4 + row, (10 * step) + row), [], Ids(3, 100 + step + row)), new PausePlacement(2, Pause)))];

    /// <summary>All elements of a buffer.</summary>
    public static float[] ToArray(this FlatBuffer buffer)
    {
        var values = new float[buffer.Count];
        buffer.Read(0, values);
        return values;
    }

    /// <summary>Sets all elements of a buffer.</summary>
    public static void Fill(this FlatBuffer buffer, float value) => buffer.Write(0, Enumerable.Repeat(value, (int)buffer.Count).ToArray());

    /// <summary>The mean loss of a batch, in nats a target.</summary>
    public static double MeanLoss(LanguageModel model, TrainingBatch batch) => new LossAndGradient(model).Loss(batch) / batch.Targets.Length;

    /// <summary>Adds the gradient of a batch's mean loss to that of the parameters, and returns the loss.</summary>
    public static double Backward(LanguageModel model, TrainingBatch batch, ForwardOptions? options = null) =>
        new LossAndGradient(model).Accumulate(batch, batch.Targets.Length, options ?? new ForwardOptions()) / batch.Targets.Length;

    /// <summary>Trains on <see cref="Rows"/> or others, in one process.</summary>
    public static TrainingResult Train(
        LanguageModel model, AdamW optimizer, RunOptions run, Func<int, IReadOnlyList<TrainingSequence>>? rows = null,
        Func<TrainingProgress, bool>? afterStep = null, CancellationToken cancellationToken = default)
    {
        using var process = new SingleProcess();
        return new TrainingLoop(model, optimizer, run, process).Run(rows ?? Rows, double.NaN, afterStep ?? (_ => true), cancellationToken);
    }

    /// <summary>Settings of a short run.</summary>
    public static RunOptions Run(int steps) => new() { Steps = steps, BatchSize = 3, SequenceLength = 32, LearningRate = 1e-3, WarmupSteps = 2 };

    /// <summary>Writes examples over the letters a to l with a tokenizer of one id a letter, train.jsonl and heldout.jsonl.</summary>
    public static string WriteExamples(string folder, int count = 40)
    {
        Directory.CreateDirectory(folder);
        TokenizerFiles.Write(folder, [.. "abcdefghijkl".Select(c => $"{c}")], []);
        var random = new Random(5);
        string Letters(int length) => new([.. Enumerable.Range(0, length).Select(_ => (char)('a' + random.Next(12)))]);
        ExampleFile.Write(Path.Combine(folder, FileNames.Train), Enumerable.Range(0, count).Select(_ => new Example(Letters(5), Letters(4), Letters(2))));
        ExampleFile.Write(Path.Combine(folder, FileNames.HeldOut), Enumerable.Range(0, 8).Select(_ => new Example(Letters(5), Letters(4), Letters(2))));
        return folder;
    }

    /// <summary>Writes the same letters as one long text, in tokens.</summary>
    public static string WriteTokens(string folder, int count = 500)
    {
        Directory.CreateDirectory(folder);
        TokenizerFiles.Write(folder, [.. "abcdefghijkl".Select(c => $"{c}")], []);
        using var writer = new TokenDatasetWriter(folder, vocabSize: 14, eosId: 12);
        var random = new Random(6);
        writer.Write([.. Enumerable.Range(0, count).Select(_ => random.Next(12))]);
        writer.EndDocument();
        writer.Finish(["letters"], count);
        return folder;
    }
}
