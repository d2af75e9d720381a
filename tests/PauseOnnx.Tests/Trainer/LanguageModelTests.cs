using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;
using static TorchSharp.torch;

namespace PauseOnnx.Tests.Trainer;

public class LanguageModelTests
{
    // float32 against double over two layers; the logits are of order 1.
    private const double Tolerance = 1e-4;

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Logits_OfEveryPosition_EqualThePlainModel(ModelConfig config)
    {
        var (model, plain) = TinyModels.Load(config);
        using var _ = model;
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        int[] ids = [.. TinyModels.Ids(7, seed: 3), TinyModels.Pause, TinyModels.Pause, 1, 2];
        var hidden = model.Forward(tensor(Array.ConvertAll(ids, i => (long)i), [1, ids.Length]));
        var logits = model.LogitsAt(hidden, arange(ids.Length)).data<float>().ToArray();
        Assert.That(logits, Is.EqualTo(plain.Logits(ids).SelectMany(l => l)).Within(Tolerance));
    }

    [TestCaseSource(typeof(GoldenCheckpoint), nameof(GoldenCheckpoint.Cases))]
    public void Logits_OfAGoldenCheckpoint_ArePyTorchs(string family)
    {
        var golden = GoldenCheckpoint.Read(family);
        using var model = Checkpoint.LoadModel(golden.Folder);
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        var hidden = model.Forward(tensor(Array.ConvertAll(golden.Ids, i => (long)i), [1, golden.Ids.Length]));
        var logits = model.LogitsAt(hidden, arange(golden.Ids.Length)).data<float>().ToArray();
        Assert.That(logits, Is.EqualTo(golden.Logits).Within(Tolerance));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void LogitsAt_SomePositions_AreThoseOfAll(ModelConfig config)
    {
        using var model = TinyModels.Create(config);
        using var scope = NewDisposeScope();
        var hidden = model.Forward(tensor(Array.ConvertAll(TinyModels.Ids(10, seed: 1), i => (long)i), [2, 5]));
        var all = model.LogitsAt(hidden, arange(10));
        var some = model.LogitsAt(hidden, tensor(new long[] { 7, 2 }));
        Assert.That(some.shape, Is.EqualTo([2L, config.OrdinaryVocabSize]));
        Assert.That((some - all.index_select(0, tensor(new long[] { 7, 2 }))).abs().max().item<float>(), Is.LessThan(1e-6));
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Forward_LeftPaddedRow_GivesTheLogitsOfTheRowAlone(ModelConfig config)
    {
        var (model, _) = TinyModels.Load(config);
        using var __ = model;
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        long[] row = [5, 6, 7, TinyModels.Pause];
        long[] padded = [1, 2, 3, 4, 5, 6, /* second row: */ 9, 9, .. row];
        long[] mask = [1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 1, 1];
        var alone = model.LogitsAt(model.Forward(tensor(row, [1, 4])), arange(4));
        var together = model.LogitsAt(model.Forward(tensor(padded, [2, 6]), tensor(mask, [2, 6])), arange(8, 12));
        Assert.That((alone - together).abs().max().item<float>(), Is.LessThan(Tolerance));
    }

    [Test]
    public void Forward_RowOfPaddingOnly_IsFinite()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        using var scope = NewDisposeScope();
        var logits = model.LogitsAt(model.Forward(tensor(new long[] { 1, 2 }, [1, 2]), zeros([1, 2], ScalarType.Int64)), arange(2));
        Assert.That(logits.isfinite().all().item<bool>(), Is.True);
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Parameters_NamesAndShapes_AreHuggingFaces(ModelConfig config)
    {
        using var model = new LanguageModel(config);
        foreach (var (name, shape) in new WeightNames(config).All())
        {
            Assert.That(model.Parameters[name].shape, Is.EqualTo(shape.Select(d => (long)d)), name);
        }

        Assert.That(model.Parameters.Count, Is.EqualTo(new WeightNames(config).All().Sum(s => s.Shape.Aggregate(1, (a, b) => a * b))));
    }

    [Test]
    public void Parameters_MatricesComeFirst_SoThatOnlyTheyDecay()
    {
        using var model = new LanguageModel(TinyCheckpoint.Configs["gpt2"]);
        foreach (var spec in model.Parameters.Specs)
        {
            var (start, length) = model.Parameters.PlaceOf(spec);
            Assert.That(start + length <= model.Parameters.DecayedCount, Is.EqualTo(spec.Shape.Count > 1), spec.Name);
        }
    }

    [Test]
    public void Initialization_SameSeed_DrawsTheSameWeights()
    {
        using var first = TinyModels.Create(TinyCheckpoint.Configs["gpt2"], seed: 4);
        using var same = TinyModels.Create(TinyCheckpoint.Configs["gpt2"], seed: 4);
        using var other = TinyModels.Create(TinyCheckpoint.Configs["gpt2"], seed: 5);
        Assert.That(same.Parameters.Values.ToArray(), Is.EqualTo(first.Parameters.Values.ToArray()));
        Assert.That(other.Parameters.Values.ToArray(), Is.Not.EqualTo(first.Parameters.Values.ToArray()));
    }

    [TestCase("transformer.wte.weight", 0.5)]
    [TestCase("transformer.wpe.weight", 0.5)]
    [TestCase("transformer.h.0.attn.c_attn.weight", 0.125)]
    [TestCase("transformer.h.1.mlp.c_proj.weight", 0.03125)]
    [TestCase("lm_head.weight", 0.02)]
    public void Initialization_OfEachKind_HasItsStandardDeviation(string name, double expected)
    {
        // 64 inputs: 1/8; 256 inputs and two layers: 1/16 / sqrt(4).
        var config = TinyCheckpoint.Configs["gpt2-untied"] with { HiddenSize = 64, HeadDim = 32, IntermediateSize = 256, VocabSize = 200 };
        using var model = new LanguageModel(config);
        new Initialization { EmbeddingStd = 0.5, LinearStd = null, HeadStd = 0.02 }.Draw(model, seed: 1);
        var weights = model.Parameters[name].data<float>().ToArray();
        Assert.That(Math.Sqrt(weights.Average(w => (double)w * w)), Is.EqualTo(expected).Within(5).Percent);
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Initialization_NormsAndBiases_BeginAtOneAndZero(ModelConfig config)
    {
        using var model = TinyModels.Create(config);
        foreach (var (name, _) in model.Parameters.Specs.Where(s => s.Shape.Count == 1))
        {
            var expected = name.EndsWith(".bias", StringComparison.Ordinal) ? 0 : 1;
            Assert.That(model.Parameters[name].data<float>().ToArray(), Is.All.EqualTo(expected), name);
        }
    }

    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Initialization_WhatAddsToTheResidual_IsSmallerByTheRootOfItsNumber(ModelConfig config)
    {
        // Two weights a layer, so four of them: half of the others' standard deviation.
        using var model = new LanguageModel(config with { HiddenSize = 96, HeadDim = 96 / config.NumAttentionHeads, IntermediateSize = 160 });
        new Initialization { LinearStd = 0.1 }.Draw(model, seed: 1);
        var spreads = model.Parameters.Specs.Where(s => s.Shape.Count == 2)
            .Select(s => Math.Sqrt(model.Parameters[s.Name].data<float>().ToArray().Average(w => (double)w * w)));
        Assert.That(spreads.Count(s => Math.Abs(s - 0.05) < 0.002), Is.EqualTo(4));
    }
}
