using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

/// <summary>Graphs of every target and precision, by one generator: whatever form the cache and the logits have, the answer is the same.</summary>
public class GraphFormTests
{
    private static readonly GenerationOptions EightTokens = new() { MaxNewTokens = 8 };

    // Batches of unequal prompts, and one alone.
    private static readonly int[][][] Batches = [[RuntimeModel.Prompt(2), RuntimeModel.Prompt(9), RuntimeModel.Prompt(5)], [RuntimeModel.Prompt(7)]];

    private static IEnumerable<TestCaseData> Forms() =>
        from name in new[] { "llama", "gpt2" }
        from target in Enum.GetValues<ExportTarget>().Where(t => t != ExportTarget.Triton)
        from precision in Targets.Of(target).Precisions
        select new TestCaseData(name, target, precision).SetArgDisplayNames(name, Targets.Of(target).Name, GraphPrecisions.NameOf(precision));

    [TestCaseSource(nameof(Forms))]
    public void Generate_AnyForm_GivesThePlainGreedyAnswer(string configName, ExportTarget target, GraphPrecision precision)
    {
        using var tiny = Export(configName, o => o with { Target = target, Precisions = [precision] });
        Assert.That(tiny.Model.Precision, Is.EqualTo(precision));
        foreach (var prompts in Batches)
        {
            foreach (var (prompt, ids) in prompts.Zip(tiny.Generate(prompts, EightTokens)))
            {
                ExpectGreedy(tiny, prompt, ids, precision);
            }
        }
    }

    [TestCase(ExportTarget.Portable, LogitsOf.All)]
    [TestCase(ExportTarget.Portable, LogitsOf.Last)]
    [TestCase(ExportTarget.SharedCache, LogitsOf.All)]
    [TestCase(ExportTarget.SharedCache, LogitsOf.Last)]
    public void Generate_LogitsOfOtherPositions_GivesThePlainGreedyAnswer(ExportTarget target, LogitsOf logits)
    {
        using var tiny = Export("llama", o => o with { Target = target, Logits = logits });
        Assert.That(tiny.Generate(Batches[0], EightTokens), Is.EqualTo(Batches[0].Select(p => tiny.PlainGreedy(p, 8))));
    }

    [TestCase(ExportTarget.SharedCache, 0)]
    [TestCase(ExportTarget.SharedCache, 1)]
    [TestCase(ExportTarget.SharedCache, 25)]
    [TestCase(ExportTarget.GenAI, 0)]
    [TestCase(ExportTarget.GenAI, 25)]
    public void Generate_PauseCountOfACall_IsTheOneUsed(ExportTarget target, int pauseCount)
    {
        using var tiny = Export("llama", o => o with { Target = target, DynamicPauseCount = true });
        var ids = tiny.Generate(Batches[0], EightTokens with { PauseCount = pauseCount });
        Assert.That(ids, Is.EqualTo(Batches[0].Select(p => tiny.PlainGreedy(p, 8, pauseCount))));
    }

    [TestCase(ExportTarget.Standard)]
    [TestCase(ExportTarget.SharedCache)]
    public void Generate_ContextEnd_EndsTheLongSequenceWhileTheShortOneGoesOn(ExportTarget target)
    {
        // 96 positions: 89 + 4 pauses leave room for three more tokens to be read. With the short prompt's padding the cache
        // grows beyond 96.
        using var tiny = Export("gpt2", o => o with { Target = target });
        using var generator = tiny.Model.CreateGenerator([RuntimeModel.Prompt(89), RuntimeModel.Prompt(20)], new() { MaxNewTokens = 12 });
        while (generator.Step())
        {
        }

        Assert.That(generator.GetIds(0), Is.EqualTo(tiny.PlainGreedy(RuntimeModel.Prompt(89), 4)));
        Assert.That(generator.GetIds(1), Is.EqualTo(tiny.PlainGreedy(RuntimeModel.Prompt(20), 12)));
        Assert.That(new[] { generator.GetFinishReason(0), generator.GetFinishReason(1) }, Is.EqualTo([FinishReason.ContextEnd, FinishReason.MaxNewTokens]));
    }

    [Test]
    public void Generate_BufferOfFixedLength_EndsWhereItIsFull()
    {
        // 24 positions: 10 of the longest prompt, 4 pauses, 10 tokens that are read and one that is only produced.
        using var tiny = Export("llama", o => o with { Target = ExportTarget.GenAI, MaxLength = 24 });
        using var generator = tiny.Model.CreateGenerator([RuntimeModel.Prompt(10), RuntimeModel.Prompt(3)], new() { MaxNewTokens = 50 });
        while (generator.Step())
        {
        }

        Assert.That(generator.GetIds(0), Is.EqualTo(tiny.PlainGreedy(RuntimeModel.Prompt(10), 11)));
        Assert.That(generator.GetIds(1), Is.EqualTo(tiny.PlainGreedy(RuntimeModel.Prompt(3), 11)));
        Assert.That(new[] { generator.GetFinishReason(0), generator.GetFinishReason(1) }, Is.EqualTo([FinishReason.ContextEnd, FinishReason.ContextEnd]));
        Assert.That(tiny.Generate([RuntimeModel.Prompt(20)], EightTokens)[0], Is.EqualTo(tiny.PlainGreedy(RuntimeModel.Prompt(20), 1)));
        Assert.That(() => tiny.Model.CreateGenerator([RuntimeModel.Prompt(21)]), Throws.ArgumentException.With.Message.EqualTo(
            "The prompt has 21 tokens, with 4 pauses 25; expected at most 24, the model's context."));
    }

    [TestCase(ExportTarget.SharedCache)]
    [TestCase(ExportTarget.GenAI)]
    public void Step_CancelledWithASharedCache_CanBeRepeated(ExportTarget target)
    {
        using var tiny = Export("llama", o => o with { Target = target });
        using var generator = tiny.Model.CreateGenerator([RuntimeModel.Prompt(6)], EightTokens);
        do
        {
            Assert.That(() => generator.Step(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
        }
        while (generator.Step() && !generator.IsDone);
        Assert.That(generator.GetIds(0), Is.EqualTo(tiny.PlainGreedy(RuntimeModel.Prompt(6), 8)));
    }

    [TestCase(ExportTarget.Portable, 0)]
    [TestCase(ExportTarget.SharedCache, 0)]
    [TestCase(ExportTarget.Portable, 0.9)]
    public void Step_AfterTheFirst_AllocatesNothing(ExportTarget target, double temperature)
    {
        using var tiny = Export("llama", o => o with { Target = target });
        var options = new GenerationOptions
        {
            MaxNewTokens = 80, Temperature = temperature, TopP = 0.9, MinP = 0.01, RepetitionPenalty = 1.1, FrequencyPenalty = 0.1, LogitBias = new Dictionary<int, float> { [3] = 1 },
        };
        Assert.That(BytesOfDecodeSteps(tiny, options), Is.Zero);
    }

    [Test]
    public void KeyValueCache_LargerThanMemory_SaysSo()
    {
        using var tiny = Export("llama", o => o with { Target = ExportTarget.SharedCache });
        var session = PauseOnnx.Runtime.DecoderSession.Load(tiny.Folder, GraphPrecision.Fp32, tiny.Model.Config, new());
        try
        {
            using var binding = session.CreateBinding();
            Assert.That(() => new KeyValueCache(binding, session, batch: 1 << 20, capacity: int.MaxValue), Throws.InstanceOf<InsufficientMemoryException>()
                .With.Message.EqualTo("The keys and values of 1048576 sequences of 2147483647 positions do not fit into memory; expected fewer prompts or a smaller MaxNewTokens."));
        }
        finally
        {
            session.Release();
        }
    }

    // Heads as wide as every target takes them.
    private static RuntimeModel Export(string configName, Func<ExportOptions, ExportOptions> change) =>
        new(TinyCheckpoint.Configs[configName] with { HeadDim = 8 }, isDynamic: false, change);

    // What was chosen is the plain model's choice, or as likely within what the precision rounds.
    private static void ExpectGreedy(RuntimeModel tiny, int[] prompt, int[] ids, GraphPrecision precision)
    {
        if (precision == GraphPrecision.Fp32)
        {
            Assert.That(ids, Is.EqualTo(tiny.PlainGreedy(prompt, EightTokens.MaxNewTokens!.Value)));
            return;
        }

        Assert.That(ids, Has.Length.EqualTo(EightTokens.MaxNewTokens));
        var rows = tiny.Plain.DelayedLogits(prompt, RuntimeModel.PauseCount, ids);
        foreach (var (logits, id) in rows.Zip(ids))
        {
            // Two logits, each off by up to twice its root mean square error.
            var mean = logits.Average();
            var spread = Math.Sqrt(logits.Average(x => (x - mean) * (x - mean)));
            Assert.That(logits.Max() - logits[id], Is.LessThan(4 * Tolerances.RelativeErrorOf(precision) * spread));
        }
    }

    private static long BytesOfDecodeSteps(RuntimeModel tiny, GenerationOptions options)
    {
        using var generator = tiny.Model.CreateGenerator([RuntimeModel.Prompt(5), RuntimeModel.Prompt(2)], options);
        for (var i = 0; i < 10; i++)
        {
            generator.Step();
        }

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++)
        {
            generator.Step();
        }

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }
}
