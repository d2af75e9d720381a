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
        var sequence = PauseInjection.Place(new TokenizedExample(TinyModels.Ids(5, seed: 1), [], TinyModels.Ids(4, seed: 2)), new PausePlacement(3, TinyModels.Pause));
        Assert.That(TinyModels.MeanLoss(model, TrainingBatch.Pack([sequence])), Is.EqualTo(plain.Loss(sequence.Ids, sequence.CarriesLoss)).Within(1e-5));
    }

    [Test]
    public void LossOf_UnequalLengths_IsTheMeanOverAllTargets()
    {
        var (model, plain) = TinyModels.Load(TinyCheckpoint.Configs["llama"]);
        using var _ = model;
        TrainingSequence[] sequences =
        [
            PauseInjection.Place(new TokenizedExample([1, 2], [], [3]), new PausePlacement(1, TinyModels.Pause)),
            PauseInjection.Place(new TokenizedExample([4, 5, 6, 7, 8], [], [9, 10, 11]), new PausePlacement(1, TinyModels.Pause)),
        ];
        var expected = (plain.Loss(sequences[0].Ids, sequences[0].CarriesLoss) + (3 * plain.Loss(sequences[1].Ids, sequences[1].CarriesLoss))) / 4;
        Assert.That(TinyModels.MeanLoss(model, TrainingBatch.Pack(sequences)), Is.EqualTo(expected).Within(1e-5));
        Assert.That(TinyModels.Backward(model, TrainingBatch.Pack(sequences)), Is.EqualTo(expected).Within(1e-5));
    }

    [Test]
    public void Run_NoPositionCarriesLoss_IsRefused()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        Assert.That(
            () => TinyModels.Train(model, optimizer, TinyModels.Run(3), _ => [new TrainingSequence([1, 2], [false, false])]),
            Throws.TypeOf<InvalidDataException>().With.Message.Contains("No position of step 1 carries loss"));
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
        TinyModels.Backward(model, batch);
        var gathered = model.Parameters.Gradients.ToArray();
        model.Parameters.Gradients.Fill(0);

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
        TinyModels.Backward(model, TinyModels.Batch(step: 1));
        float[] Row(string name) => model.Parameters[name].grad!.data<float>().ToArray()[(TinyModels.Pause * config.HiddenSize)..];
        Assert.That(Row("model.embed_tokens.weight").Any(g => g != 0), Is.True);
        Assert.That(Row("lm_head.weight"), Is.All.Zero);
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Backward_ActivationCheckpointing_GivesTheSameGradients(ModelConfig config)
    {
        using var model = TinyModels.Create(config);
        foreach (var dropout in new[] { null, new Dropout(0.3, Seed: 1, Pass: 7) })
        {
            var loss = TinyModels.Backward(model, TinyModels.Batch(1), new ForwardOptions { Dropout = dropout });
            var kept = model.Parameters.Gradients.ToArray();
            model.Parameters.Gradients.Fill(0);
            Assert.That(TinyModels.Backward(model, TinyModels.Batch(1), new ForwardOptions { Dropout = dropout, Recompute = true }), Is.EqualTo(loss));
            Assert.That(model.Parameters.Gradients.ToArray(), Is.EqualTo(kept));
            model.Parameters.Gradients.Fill(0);
        }
    }

    [Test]
    public void Backward_LayerFinished_ComesInFallingOrderWithTheLayersGradients([Values] bool recompute)
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        var seen = new List<(int Layer, float[] Gradients)>();
        float[] Of(int layer)
        {
            var (start, length) = model.Parameters.LayerRanges[layer];
            var values = new float[length];
            model.Parameters.Gradients.Read(start, values);
            return values;
        }

        TinyModels.Backward(model, TinyModels.Batch(1), new ForwardOptions { Recompute = recompute, LayerFinished = layer => seen.Add((layer, Of(layer))) });
        Assert.That(seen.Select(s => s.Layer), Is.EqualTo(Enumerable.Range(0, model.Config.NumHiddenLayers).Reverse()));
        foreach (var (layer, gradients) in seen)
        {
            Assert.That(gradients, Has.Some.Not.Zero);
            Assert.That(gradients, Is.EqualTo(Of(layer)), $"nothing was added to layer {layer} later");
        }
    }

    [Test]
    public void Dropout_Elements_AreZeroOrScaledAndDependOnSeedPassLayerAndPlace()
    {
        using var scope = NewDisposeScope();
        var x = ones(1000);
        float[] Drop(int seed = 1, long pass = 2, int layer = 3, int place = 1) => [.. new Dropout(0.25, seed, pass).Apply(x, layer, place).data<float>()];
        Assert.That(Drop(seed: 1), Is.EqualTo(Drop()));
        Assert.That(Drop().Distinct().Order(), Is.EqualTo([0f, 1 / 0.75f]));
        Assert.That(Drop().Average(), Is.EqualTo(1).Within(0.1));
        Assert.That(new[] { Drop(seed: 2), Drop(pass: 3), Drop(layer: 4), Drop(place: 2) }, Has.None.EqualTo(Drop()));
    }

    [TestCase(1)]
    [TestCase(2)]
    public void Run_MicroBatches_TrainAsTheWholeBatchDoes(int microBatchSize)
    {
        float[] Train(int? size)
        {
            using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
            using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
            TinyModels.Train(model, optimizer, TinyModels.Run(5) with { MicroBatchSize = size });
            return model.Parameters.Values.ToArray();
        }

        // The same sums in another order; Adam divides by their size, which makes of an error in the last bit one of its rate.
        Assert.That(Train(microBatchSize), Is.EqualTo(Train(null)).Within(1e-4));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Run_BFloat16_LearnsAboutAsFloat32Does(ModelConfig config)
    {
        double Train(Precision precision, int? microBatchSize = null)
        {
            using var model = new LanguageModel(config, precision);
            new Initialization().Draw(model, seed: 1);
            using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
            TinyModels.Train(model, optimizer, TinyModels.Run(30) with { LearningRate = 0.02, MicroBatchSize = microBatchSize }, _ => TinyModels.Rows(1));
            return TinyModels.MeanLoss(model, TinyModels.Batch(1));
        }

        var full = Train(Precision.Fp32);
        Assert.That(full, Is.LessThan(1.5), "it learns at all");
        Assert.That(Train(Precision.Bf16), Is.EqualTo(full).Within(0.15));
        Assert.That(Train(Precision.Bf16, microBatchSize: 1), Is.EqualTo(full).Within(0.15));
    }

    private static IEnumerable<RunOptions> Runs =>
        [TinyModels.Run(12), TinyModels.Run(12) with { MicroBatchSize = 1, Dropout = 0.1, ActivationCheckpointing = true }];

    [TestCaseSource(nameof(Runs))]
    public void Run_StepAfterStep_LiveTensorsStayTheSame(RunOptions run)
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        var live = new List<long>();
        TinyModels.Train(model, optimizer, run, afterStep: _ =>
        {
            live.Add(DisposeScopeManager.Statistics.ThreadTotalLiveCount);
            return true;
        });
        Assert.That(live, Has.Count.EqualTo(12));
        Assert.That(live, Is.All.EqualTo(live[0]));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Run_SameBatchAgainAndAgain_IsLearnt(ModelConfig config)
    {
        using var model = TinyModels.Create(config);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        TinyModels.Train(model, optimizer, TinyModels.Run(60) with { LearningRate = 0.02 }, _ => TinyModels.Rows(1));
        Assert.That(TinyModels.MeanLoss(model, TinyModels.Batch(1)), Is.LessThan(0.5 * Math.Log(TinyCheckpoint.OrdinaryVocabSize)));
    }

    [Test]
    public void Run_SameSeed_GivesTheSameWeightsBitForBit()
    {
        float[] Train(int seed)
        {
            using var model = TinyModels.Create(TinyCheckpoint.Configs["gpt2"], seed);
            using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
            TinyModels.Train(model, optimizer, TinyModels.Run(5));
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
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        Assert.That(
            () => TinyModels.Train(model, optimizer, TinyModels.Run(9) with { LearningRate = 1e30, WarmupSteps = 0 }),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.StartsWith("At step 2 the loss is NaN; the worst sequence is ").And.Message.Contains("learning rate below 1E+30"));
    }

    [Test]
    public void Run_LossExplodes_StopsAndNamesTheSequence()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        var rows = TinyModels.Rows(1).Select((r, i) => r with { Origin = $"example {i + 1}" }).ToArray();
        Assert.That(
            () => TinyModels.Train(model, optimizer, TinyModels.Run(40) with { LearningRate = 50, WarmupSteps = 0 }, _ => rows),
            Throws.TypeOf<NotFiniteNumberException>().With.Message.Match(@"^At step \d+ the loss is .* nats a target, more than ten times that of guessing; the worst sequence is example [123], with "));
    }

    [Test]
    public void Run_Cancelled_EndsAfterTheStep()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        using var cancellation = new CancellationTokenSource();
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        var result = TinyModels.Train(
            model, optimizer, TinyModels.Run(100),
            afterStep: progress =>
            {
                if (progress.Step == 3)
                {
                    cancellation.Cancel();
                }

                return true;
            },
            cancellationToken: cancellation.Token);
        Assert.That((result.Step, result.End, optimizer.StepCount), Is.EqualTo((3, TrainingEnd.Stopped, 3)));
        Assert.That(result.Loss, Is.Positive);
    }
}
