using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class EvaluationTests
{
    [Test]
    public void Measure_Examples_CountsWholeAnswersAsThePlainModelGivesThem()
    {
        var (model, plain) = TinyModels.Load(TinyCheckpoint.Configs["gpt2"]);
        using var _ = model;
        const int pauses = 3;
        int Greedy(int[] ids)
        {
            var logits = plain.Logits(ids)[^1];
            return Array.IndexOf(logits, logits.Max());
        }

        // 70 questions, two batches; every third answer is the model's own, the others are wrong in their second token.
        var examples = Enumerable.Range(0, 70).Select(number =>
        {
            int[] asked = [.. TinyModels.Ids(3, number), .. Enumerable.Repeat(TinyModels.Pause, pauses)];
            var first = Greedy(asked);
            var second = Greedy([.. asked, first]);
            return new TokenizedExample(asked[..3], [1, 2], [first, number % 3 == 0 ? second : (second + 1) % TinyCheckpoint.OrdinaryVocabSize]);
        }).ToArray();
        var expectedLoss = examples.Average(e =>
        {
            var sequence = PauseInjection.Place(e, new PausePlacement(pauses, TinyModels.Pause));
            return plain.Loss(sequence.Ids, sequence.CarriesLoss);
        });

        var found = Evaluation.Measure(model, examples, new PausePlacement(pauses, TinyModels.Pause));
        Assert.That(found.Accuracy, Is.EqualTo(24 / 70.0));
        Assert.That(found.Loss, Is.EqualTo(expectedLoss).Within(1e-4));
        Assert.That($"{found}", Does.StartWith("accuracy 34.3 %, loss ").And.EndsWith("on 70 held-out examples"));
    }
}
