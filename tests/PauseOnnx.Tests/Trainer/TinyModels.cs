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
    public static TrainingBatch Batch(int step) => TrainingBatch.Pack([.. Enumerable.Range(0, 3).Select(row =>
        PauseInjection.Append(new TokenizedExample(Ids(4 + row, (10 * step) + row), [], Ids(3, 100 + step + row)), 2, Pause))]);

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
