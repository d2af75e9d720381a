using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>
/// Makes the batches of a run. A batch depends on the seed and its step only, so that a run can be repeated, and resumed at
/// any step.
/// </summary>
public static class BatchFactory
{
    /// <summary>Batches of plain text or whole examples, with pauses inserted, in place of worked solutions, or none.</summary>
    /// <param name="data">What to train on.</param>
    /// <param name="options">How.</param>
    /// <param name="config">The model, whose positions must suffice.</param>
    /// <returns>Makes the batch of a step, counted from 0; for one thread at a time.</returns>
    /// <exception cref="ModelFormatException">The data does not fit the way of pausing, or is too long or too short.</exception>
    public static Func<int, TrainingBatch> Pretraining(TrainingData data, PretrainOptions options, ModelConfig config)
    {
        var pauseId = PauseId(config);
        if (options.Pause == PauseMethod.Replace && !data.HasWork)
        {
            throw new ModelFormatException($"There are no worked solutions that pauses could replace; expected examples with 'work', or pause 'insert' ({data.Path}).");
        }

        CheckLength(data, options.Run.SequenceLength, example => PauseInjection.None(example).Ids.Length);
        var order = new ShuffledOrder(data.Examples.Count, options.Run.Seed);
        return step =>
        {
            var random = StepRandom.Create(options.Run.Seed, step);
            TokenizedExample Next(int row) => data.IsText
                ? new TokenizedExample([], [], data.Window(options.Run.SequenceLength, random))
                : data.Examples[order[Number(step, row, options.Run)]];
            TrainingSequence Inject(TokenizedExample example) => options.Pause switch
            {
                PauseMethod.Insert => PauseInjection.Insert(example, options.PauseFraction, options.Run.SequenceLength, pauseId, random),
                PauseMethod.Replace => PauseInjection.Replace(example, pauseId, random),
                _ => PauseInjection.None(example),
            };
            return TrainingBatch.Pack([.. Enumerable.Range(0, options.Run.BatchSize).Select(row => Inject(Next(row)))]);
        };
    }

    /// <summary>Batches of questions, pauses and answers; all sequences of a batch have the same number of pauses.</summary>
    /// <inheritdoc cref="Pretraining"/>
    public static Func<int, TrainingBatch> Finetuning(TrainingData data, FinetuneOptions options, ModelConfig config)
    {
        var pauseId = PauseId(config);
        if (data.IsText && options.PauseRange.Max > options.Run.SequenceLength - 2)
        {
            throw new ModelFormatException($"There are up to {options.PauseRange.Max} pauses; expected at most {options.Run.SequenceLength - 2}, so that two tokens of text fit the recipe's sequence_length beside them ({data.Path}).");
        }

        CheckLength(data, options.Run.SequenceLength, example => PauseInjection.Append(example, options.PauseRange.Max, pauseId).Ids.Length);
        var order = new ShuffledOrder(data.Examples.Count, options.Run.Seed);
        return step =>
        {
            var random = StepRandom.Create(options.Run.Seed, step);
            var count = random.Next(options.PauseRange.Min, options.PauseRange.Max + 1);
            TokenizedExample Next(int row) => data.IsText
                ? Split(data.Window(options.Run.SequenceLength - options.PauseRange.Max, random), random)
                : data.Examples[order[Number(step, row, options.Run)]];
            return TrainingBatch.Pack([.. Enumerable.Range(0, options.Run.BatchSize).Select(row => PauseInjection.Append(Next(row), count, pauseId))]);
        };
    }

    // Plain text asks nothing: let it pause at a random place of its first half and answer with the rest.
    private static TokenizedExample Split(int[] text, Random random)
    {
        var place = random.Next(1, Math.Max(2, text.Length / 2));
        return new TokenizedExample(text[..place], [], text[place..]);
    }

    private static long Number(int step, int row, RunOptions run) => ((long)step * run.BatchSize) + row;

    private static int PauseId(ModelConfig config) =>
        config.Pause?.TokenId ?? throw new ModelFormatException("The model has no <pause> token; expected 'pause_token_id' in its config.json.");

    private static void CheckLength(TrainingData data, int maxLength, Func<TokenizedExample, int> length)
    {
        if (data.IsText)
        {
            return;
        }

        var (longest, number) = data.Examples.Select((e, i) => (length(e), i + 1)).MaxBy(e => e.Item1);
        if (longest > maxLength)
        {
            throw new ModelFormatException($"Example {number} has {longest} tokens, pauses included; expected at most {maxLength}, the recipe's sequence_length ({data.Path}).");
        }
    }
}
