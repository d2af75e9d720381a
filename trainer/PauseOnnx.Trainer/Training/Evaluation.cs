using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>How well a model answers examples after a number of pauses.</summary>
/// <param name="Accuracy">Fraction 0-1 of answers that greedy decoding gets right to the last token, end of text included.</param>
/// <param name="Loss">Mean cross entropy of the answers, in nats a token.</param>
/// <param name="Count">Number of examples.</param>
public sealed record Evaluation(double Accuracy, double Loss, int Count)
{
    private const int BatchSize = 64;

    /// <summary>Measures a model.</summary>
    /// <param name="model">The model.</param>
    /// <param name="examples">At least one; their worked solutions are hidden.</param>
    /// <param name="pauseCount">M_inf.</param>
    public static Evaluation Measure(LanguageModel model, IReadOnlyList<TokenizedExample> examples, int pauseCount)
    {
        using var gradients = no_grad();
        var (right, loss, tokens) = (0, 0.0, 0);
        foreach (var chunk in examples.Chunk(BatchSize))
        {
            using var scope = NewDisposeScope();
            var batch = TrainingBatch.Pack([.. chunk.Select(e => PauseInjection.Append(e, pauseCount, model.Config.Pause!.TokenId))]);
            var targets = tensor(batch.Targets);
            var logits = model.LogitsAt(model.Forward(tensor(batch.Ids, [batch.BatchSize, batch.Length])), tensor(batch.Positions));  // (n, V)
            loss += nn.functional.cross_entropy(logits, targets, reduction: nn.Reduction.Sum).item<float>();
            tokens += batch.Targets.Length;

            // Fed with the right answer, all predictions are right exactly when greedy decoding gives that answer.
            var predicted = logits.argmax(1).data<long>().ToArray();
            var wrong = batch.Positions.Where((_, i) => predicted[i] != batch.Targets[i]).Select(p => p / batch.Length).Distinct().Count();
            right += chunk.Length - wrong;
        }

        return new Evaluation((double)right / examples.Count, loss / tokens, examples.Count);
    }

    /// <inheritdoc/>
    public override string ToString() => $"accuracy {Accuracy:P1}, loss {Loss:F3} on {Count} held-out examples";
}
