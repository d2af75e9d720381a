using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>How well a model answers examples after a number of pauses.</summary>
/// <param name="Accuracy">Fraction 0-1 of answers that greedy decoding gets right to the last token, end of text included.</param>
/// <param name="Loss">Mean cross entropy of the answers, in nats a token.</param>
/// <param name="Count">Number of examples.</param>
public sealed record Evaluation(double Accuracy, double Loss, int Count)
{
    private const int DefaultBatchSize = 64;

    /// <summary>Measures a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">At least one; their worked solutions are hidden.</param>
    /// <param name="pauses">M_inf, and what takes the place of pauses where.</param>
    /// <param name="batchSize">Examples that go through the model at once.</param>
    public static Evaluation Measure(LanguageModel model, IReadOnlyList<TokenizedExample> examples, PausePlacement pauses, int batchSize = DefaultBatchSize)
    {
        var (right, loss, tokens, head) = (0, 0.0, 0, new LossAndGradient(model));
        foreach (var chunk in examples.Chunk(batchSize))
        {
            var batch = TrainingBatch.Pack([.. chunk.Select(e => PauseInjection.Place(e, pauses))]);
            var (lost, isRight) = head.Predict(batch);
            loss += lost;
            tokens += batch.Targets.Length;

            // Fed with the right answer, all predictions are right exactly when greedy decoding gives that answer.
            right += chunk.Length - batch.Positions.Where((_, i) => !isRight[i]).Select(p => p / batch.Length).Distinct().Count();
        }

        return new Evaluation((double)right / examples.Count, loss / tokens, examples.Count);
    }

    /// <summary>Checks that examples fit the model's positions.</summary>
    /// <exception cref="ArgumentException">One is too long.</exception>
    public static void CheckLength(LanguageModel model, IReadOnlyList<TokenizedExample> examples, PausePlacement pauses, string path)
    {
        var (longest, positions) = (examples.Max(e => e.Prefix.Length + e.Target.Length) + pauses.Count, model.Config.MaxPositionEmbeddings);
        if (longest > positions)
        {
            throw new ArgumentException($"The longest held-out example has {longest} tokens with {pauses.Count} pauses; expected at most {positions}, the model's positions ('{path}').");
        }
    }

    /// <inheritdoc/>
    public override string ToString() => $"accuracy {Accuracy:P1}, loss {Loss:F3} on {Count} held-out examples";
}
