using System.Diagnostics;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

/// <summary>What a generator refuses, and what it leaves behind.</summary>
public sealed class GeneratorFaultTests : IDisposable
{
    private readonly RuntimeModel _tiny = new("llama");

    public void Dispose() => _tiny.Dispose();

    [Test]
    public void Generator_NoPrompt_IsRefused() =>
        Assert.That(() => _tiny.Model.CreateGenerator([]), Throws.ArgumentException.With.Message.EqualTo("There is no prompt; expected at least one."));

    [Test]
    public void Generator_PromptTooLong_IsRefusedWithItsNumbers() =>
        Assert.That(() => _tiny.Model.CreateGenerator([RuntimeModel.Prompt(93)]), Throws.ArgumentException.With.Message.EqualTo(
            "The prompt has 93 tokens, with 4 pauses 97; expected at most 96, the model's context."));

    [Test]
    public void Generator_SeveralFaultyPrompts_AreReportedTogether() =>
        Assert.That(() => _tiny.Model.CreateGenerator([[], [1, 21], [1], [-1]]), Throws.ArgumentException.With.Message.EqualTo(
            "Prompt 1 of 4 is empty; expected at least one token; Prompt 2 of 4 holds the id 21; expected ids from 0 to 20; "
            + "Prompt 4 of 4 holds the id -1; expected ids from 0 to 20."));

    [TestCase(-1)]
    [TestCase(1)]
    public void Generator_SequenceOutOfRange_IsRefused(int sequence)
    {
        using var generator = _tiny.Model.CreateGenerator([[1]]);
        Assert.That(() => generator.GetIds(sequence), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => generator.GetFinishReason(sequence), Throws.InstanceOf<ArgumentOutOfRangeException>());
    }

    [Test]
    public void Generator_Disposed_RefusesToStep()
    {
        var generator = _tiny.Model.CreateGenerator([[1]]);
        generator.Dispose();
        generator.Dispose();
        Assert.That(() => generator.Step(), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Generator_ModelDisposedFirst_GoesOnToItsEnd()
    {
        using var model = PauseModel.Load(_tiny.Folder);
        using var generator = model.CreateGenerator([RuntimeModel.Prompt(5)], new() { MaxNewTokens = 3 });
        generator.Step();
        model.Dispose();
        while (generator.Step())
        {
        }

        Assert.That(generator.GetIds(0), Is.EqualTo(_tiny.Generate([RuntimeModel.Prompt(5)], new() { MaxNewTokens = 3 })[0]));
        Assert.That(() => model.CreateGenerator([[1]]), Throws.InstanceOf<ObjectDisposedException>());
    }

    [TestCase(ExportTarget.Portable)]
    [TestCase(ExportTarget.SharedCache)]
    public void Generator_ManyInTurn_LeaveNoNativeMemoryBehind(ExportTarget target)
    {
        // One generator's cache: 2 layers x 2 x [16, 4, 20, 64] float32 = 1.3 MB, so 60 leaked ones would be 78 MB.
        var config = TinyCheckpoint.Configs["llama"] with { HeadDim = 64, NumKeyValueHeads = 4 };
        using var wide = new RuntimeModel(config, isDynamic: false, o => o with { Target = target });
        int[][] prompts = [.. Enumerable.Range(0, 16).Select(seed => RuntimeModel.Prompt(14, seed))];
        void Generate(int times)
        {
            for (var i = 0; i < times; i++)
            {
                using var generator = wide.Model.CreateGenerator(prompts, new() { MaxNewTokens = 2 });
                generator.Step();
                Assert.That(() => generator.Step(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
                generator.Step();
            }
        }

        Generate(10);
        var before = ResidentBytes();
        Generate(60);
        Assert.That(ResidentBytes() - before, Is.LessThan(25 << 20));
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
