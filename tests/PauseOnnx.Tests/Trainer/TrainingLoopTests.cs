using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;
using TorchSharp;
using static TorchSharp.torch;

namespace PauseOnnx.Tests.Trainer;

public class TrainingLoopTests
{
    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void LossOf_Batch_EqualsThePlainModel(ModelConfig config)
    {
        var (model, plain) = TinyModels.Load(config);
        using var _ = model;
        var sequence = PauseInjection.Append(new TokenizedExample(TinyModels.Ids(5, seed: 1), [], TinyModels.Ids(4, seed: 2)), 3, TinyModels.Pause);
        using var loss = TrainingLoop.LossOf(model, TrainingBatch.Pack([sequence]));
        Assert.That(loss.item<float>(), Is.EqualTo(plain.Loss(sequence.Ids, sequence.CarriesLoss)).Within(1e-5));
    }

    [Test]
    public void LossOf_UnequalLengths_IsTheMeanOverAllTargets()
    {
        var (model, plain) = TinyModels.Load(TinyCheckpoint.Configs["llama"]);
        using var _ = model;
        TrainingSequence[] sequences =
        [
            PauseInjection.Append(new TokenizedExample([1, 2], [], [3]), 1, TinyModels.Pause),
            PauseInjection.Append(new TokenizedExample([4, 5, 6, 7, 8], [], [9, 10, 11]), 1, TinyModels.Pause),
        ];
        var expected = (plain.Loss(sequences[0].Ids, sequences[0].CarriesLoss) + (3 * plain.Loss(sequences[1].Ids, sequences[1].CarriesLoss))) / 4;
        using var loss = TrainingLoop.LossOf(model, TrainingBatch.Pack(sequences));
        Assert.That(loss.item<float>(), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void LossOf_NoPositionCarriesLoss_IsRefused()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        var batch = TrainingBatch.Pack([new TrainingSequence([1, 2], [false, false])]);
        Assert.That(() => TrainingLoop.LossOf(model, batch), Throws.ArgumentException.With.Message.Contains("No position"));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Backward_IgnoredPositions_GetExactlyZeroGradient(ModelConfig config)
    {
        using var model = TinyModels.Create(config);
        using var scope = NewDisposeScope();
        var batch = TinyModels.Batch(step: 1);
        var hidden = randn(batch.Ids.Length, config.HiddenSize, requires_grad: true);
        nn.functional.cross_entropy(model.LogitsAt(hidden, tensor(batch.Positions)), tensor(batch.Targets)).backward();
        var gradients = hidden.grad!.data<float>().ToArray().Chunk(config.HiddenSize).ToArray();
        for (var position = 0; position < gradients.Length; position++)
        {
            var carriesLoss = batch.Positions.Contains(position);
            Assert.That(gradients[position].All(g => g == 0), Is.EqualTo(!carriesLoss), $"position {position}");
        }
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Backward_GatheredPositions_GivesTheGradientsOfTheMaskedLoss(ModelConfig config)
    {
        using var model = TinyModels.Create(config);
        var batch = TinyModels.Batch(step: 2);
        TrainingLoop.LossOf(model, batch).backward();
        var gathered = model.Parameters.Gradients.ToArray();
        model.Parameters.Gradients.Clear();

        // The textbook way: logits of all positions, and targets of -100 where no loss is wanted.
        using var scope = NewDisposeScope();
        var targets = full(batch.Ids.Length, -100, ScalarType.Int64);
        targets.index_copy_(0, tensor(batch.Positions), tensor(batch.Targets));
        var all = model.LogitsAt(model.Forward(tensor(batch.Ids, [batch.BatchSize, batch.Length])), arange(batch.Ids.Length));
        nn.functional.cross_entropy(all, targets, ignore_index: -100).backward();
        Assert.That(gathered, Is.EqualTo(model.Parameters.Gradients.ToArray()).Within(1e-6));
    }

    [Test]
    public void Backward_PauseRow_IsTrainedInTheEmbeddingAndUntouchedInTheHead()
    {
        var config = TinyCheckpoint.Configs["llama"];
        using var model = TinyModels.Create(config);
        using var loss = TrainingLoop.LossOf(model, TinyModels.Batch(step: 1));
        loss.backward();
        float[] Row(string name) => model.Parameters[name].grad!.data<float>().ToArray()[(TinyModels.Pause * config.HiddenSize)..];
        Assert.That(Row("model.embed_tokens.weight").Any(g => g != 0), Is.True);
        Assert.That(Row("lm_head.weight"), Is.All.Zero);
    }

    [Test]
    public void Run_StepAfterStep_LiveTensorsStayTheSame()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        var loop = new TrainingLoop(model, new AdamW(model.Parameters, new AdamWOptions()), TinyModels.Run(12));
        var live = new List<long>();
        loop.Run(TinyModels.Batch, (_, _) => live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount));
        Assert.That(live, Has.Count.EqualTo(12));
        Assert.That(live, Is.All.EqualTo(live[0]));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Run_SameBatchAgainAndAgain_IsLearnt(ModelConfig config)
    {
        using var model = TinyModels.Create(config);
        var loop = new TrainingLoop(model, new AdamW(model.Parameters, new AdamWOptions()), TinyModels.Run(60) with { LearningRate = 0.02 });
        loop.Run(_ => TinyModels.Batch(1));
        using var loss = TrainingLoop.LossOf(model, TinyModels.Batch(1));
        Assert.That(loss.item<float>(), Is.LessThan(0.5 * Math.Log(TinyCheckpoint.OrdinaryVocabSize)));
    }

    [Test]
    public void Run_SameSeed_GivesTheSameWeightsBitForBit()
    {
        float[] Train(int seed)
        {
            using var model = TinyModels.Create(TinyCheckpoint.Configs["gpt2"], seed);
            new TrainingLoop(model, new AdamW(model.Parameters, new AdamWOptions()), TinyModels.Run(5)).Run(TinyModels.Batch);
            return model.Parameters.Values.ToArray();
        }

        var (first, again, other) = (Train(1), Train(1), Train(2));
        Assert.That(again, Is.EqualTo(first));
        Assert.That(other, Is.Not.EqualTo(first));
    }

    [Test]
    public void Run_LearningRateFarTooHigh_StopsAndNamesTheStep()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        var loop = new TrainingLoop(model, new AdamW(model.Parameters, new AdamWOptions()), TinyModels.Run(9) with { LearningRate = 1e30, WarmupSteps = 0 });
        Assert.That(() => loop.Run(TinyModels.Batch), Throws.TypeOf<NotFiniteNumberException>().With.Message.StartsWith("At step 2 the loss is NaN").And.Message.Contains("learning rate below 1E+30"));
    }

    [Test]
    public void Run_Cancelled_EndsAfterTheStep()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        using var cancellation = new CancellationTokenSource();
        var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        var result = new TrainingLoop(model, optimizer, TinyModels.Run(100)).Run(
            TinyModels.Batch,
            (step, _) =>
            {
                if (step == 3)
                {
                    cancellation.Cancel();
                }
            },
            cancellation.Token);
        Assert.That((result.Step, result.IsComplete, optimizer.StepCount), Is.EqualTo((3, false, 3)));
        Assert.That(result.Loss, Is.Positive);
    }
}
