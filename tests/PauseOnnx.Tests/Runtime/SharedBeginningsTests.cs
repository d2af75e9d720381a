using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class SharedBeginningsTests
{
    // Three questions about one paragraph, two about another, one alone; in an order of their own.
    private static readonly int[] First = RuntimeModel.Prompt(40), Second = RuntimeModel.Prompt(33, seed: 2);
    private static readonly int[][] Prompts =
        [[.. First, 1, 2, 3], [.. Second, 4], RuntimeModel.Prompt(25, seed: 3), [.. First, 1, 7], [.. Second, 9, 8, 7, 6, 5], [.. First, 2]];

    [Test]
    public void Of_PromptsThatBeginAlike_AreCutWhereTheyPart()
    {
        var shared = SharedBeginnings.Of(Prompts, pauseCount: 4, vocabSize: 19)!;
        Assert.That(shared.Beginnings, Is.EquivalentTo(new[] { First, Second, Prompts[2][..20] }));
        Assert.That(shared.Rests.Select(r => r.Length), Is.EqualTo(new[] { 3, 1, 5, 2, 5, 1 }));
        Assert.That(shared.Rows.Zip(shared.Rests, (row, rest) => (int[])[.. shared.Beginnings[row], .. rest]), Is.EqualTo(Prompts));
    }

    [Test]
    public void Of_SamePromptTwice_LeavesATokenOfEach()
    {
        var shared = SharedBeginnings.Of([First, First, First], pauseCount: 0, vocabSize: 19)!;
        Assert.That(shared.Beginnings, Is.EqualTo(new[] { First[..^1] }));
        Assert.That(shared.Rests, Is.EqualTo(new int[][] { [First[^1]], [First[^1]], [First[^1]] }));
    }

    [Test]
    public void Of_LittleToSave_IsNone()
    {
        Assert.That(SharedBeginnings.Of([First], 4, 19), Is.Null, "one prompt");
        Assert.That(SharedBeginnings.Of([[1], [1]], 0, 19), Is.Null, "nothing to cut");
        Assert.That(SharedBeginnings.Of([First, [.. First[..15], .. Second]], 4, 19), Is.Null, "less than half is shared");
        Assert.That(SharedBeginnings.Of([[.. First, 1], [.. First, 2]], pauseCount: 100, 19), Is.Null, "the pauses are most of it");
        Assert.That(SharedBeginnings.Of(Prompts, 4, vocabSize: 2_000_000), Is.Null, "too many logits");
    }

    [TestCase("llama", ExportTarget.Standard, LogitsOf.Delayed, false)]
    [TestCase("llama", ExportTarget.Standard, LogitsOf.Delayed, true)]
    [TestCase("llama", ExportTarget.Standard, LogitsOf.Last, true)]
    [TestCase("gpt2", ExportTarget.Standard, LogitsOf.Delayed, true)]
    [TestCase("gpt2", ExportTarget.Portable, LogitsOf.All, false)]
    [TestCase("llama", ExportTarget.SharedCache, LogitsOf.Delayed, true)]
    public void Generator_PromptsThatBeginAlike_GivesThePlainGreedyAnswers(string config, ExportTarget target, LogitsOf logits, bool isDynamic)
    {
        using var tiny = new RuntimeModel(Support.TinyCheckpoint.Configs[config] with { HeadDim = 8 }, isDynamic, o => o with { Target = target, Logits = logits });
        Assert.That(tiny.Generate(Prompts, new() { MaxNewTokens = 8 }), Is.EqualTo(Prompts.Select(p => tiny.PlainGreedy(p, 8))));
        if (tiny.Model.CanChoosePauseCount)
        {
            Assert.That(tiny.Generate(Prompts, new() { MaxNewTokens = 3, PauseCount = 2 }), Is.EqualTo(Prompts.Select(p => tiny.PlainGreedy(p, 3, 2))));
        }
    }

    [Test]
    public void Generator_CancelledFirstStep_CanBeRepeated()
    {
        using var tiny = new RuntimeModel("llama");
        using var generator = tiny.Model.CreateGenerator(Prompts, new() { MaxNewTokens = 1 });
        Assert.That(() => generator.Step(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        generator.Step();
        Assert.That(Prompts.Select((_, i) => generator.GetIds(i)[0]), Is.EqualTo(Prompts.Select(p => tiny.PlainGreedy(p, 1)[0])));
    }
}
