using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class ReferenceBuilderTests
{
    [TestCaseSource(typeof(TinyModels), nameof(TinyModels.Cases))]
    public void Build_EveryRowOfEveryCase_EqualsThePlainModel(ModelConfig config)
    {
        var (model, plain) = TinyModels.Load(config);
        using var _ = model;
        foreach (var found in ReferenceBuilder.Build(model, [0, 4]))
        {
            for (var row = 0; row < found.Batch; row++)
            {
                int[] Row(long[] values, int width) => [.. values.Skip(row * width).Take(width).Select(v => (int)v)];
                var prompt = Row(found.InputIds, found.PromptLength).Zip(Row(found.AttentionMask, found.PromptLength)).Where(p => p.Second == 1).Select(p => p.First);
                var expected = plain.DelayedLogits([.. prompt], found.PauseCount, Row(found.NextIds, found.Steps)).SelectMany(l => l).ToArray();
                Assert.That(found.Logits.Skip(row * expected.Length).Take(expected.Length), Is.EqualTo(expected).Within(1e-4), $"{found.Name}, row {row}");
            }
        }
    }

    [Test]
    public void Build_Cases_ArePaddedGreedyAndWithinTheVocabulary()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["gpt2"]);
        var cases = ReferenceBuilder.Build(model, [0, 4]);
        Assert.That(cases.Select(c => c.Name), Is.EqualTo(["single.m0", "padded.m0", "single.m4", "padded.m4"]));
        var padded = cases[^1];
        Assert.That(padded.Batch, Is.EqualTo(3));
        var lengths = padded.AttentionMask.Chunk(padded.PromptLength).Select(r => r.Sum()).ToArray();
        Assert.That(lengths, Is.Unique);
        Assert.That(padded.AttentionMask.Chunk(padded.PromptLength).Select(r => r.Order()), Is.EqualTo(padded.AttentionMask.Chunk(padded.PromptLength)), "padding is on the left");
        Assert.That(padded.InputIds, Is.All.LessThan(TinyCheckpoint.OrdinaryVocabSize));
        Assert.That(padded.Steps, Is.GreaterThanOrEqualTo(5));
        var best = padded.Logits.Chunk(padded.OrdinaryVocabSize).Select(l => (long)Array.IndexOf(l, l.Max())).Chunk(padded.Steps + 1);
        Assert.That(padded.NextIds, Is.EqualTo(best.SelectMany(row => row[..^1])));
    }

    [Test]
    public void DefaultPauseCounts_OfAModel_AreThoseItHasPositionsFor()
    {
        var config = TinyCheckpoint.Configs["llama"];
        Assert.That(ReferenceBuilder.DefaultPauseCounts(config), Is.EqualTo([0, 4, 25]));
        Assert.That(ReferenceBuilder.DefaultPauseCounts(config with { MaxPositionEmbeddings = 20 }), Is.EqualTo([0, 4]));
        Assert.That(ReferenceBuilder.DefaultPauseCounts(config with { Pause = config.Pause! with { Count = 7 } }), Is.EqualTo([0, 4, 7, 25]));
        Assert.That(ReferenceBuilder.DefaultPauseCounts(config with { Pause = null }), Is.EqualTo([0]));
    }

    [Test]
    public void Build_MorePausesThanPositions_IsRefused()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"]);
        Assert.That(() => ReferenceBuilder.Build(model, [93]), Throws.ArgumentException.With.Message.Contains("93").And.Message.Contains("96 positions"));
    }

    [Test]
    public void Build_PausesWithoutAPauseToken_AreRefused()
    {
        using var model = TinyModels.Create(TinyCheckpoint.Configs["llama"] with { Pause = null });
        Assert.That(() => ReferenceBuilder.Build(model, [4]), Throws.ArgumentException.With.Message.Contains("<pause>"));
    }
}
