using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

[TestFixture("llama")]
[TestFixture("llama-tied")]
[TestFixture("gpt2")]
[TestFixture("gpt2-untied")]
public sealed class GeneratorTests(string configName) : IDisposable
{
    private static readonly GenerationOptions EightTokens = new() { MaxNewTokens = 8 };
    private static readonly GenerationOptions Sampled = EightTokens with { Temperature = 1.5, Seed = 11 };

    private readonly RuntimeModel _tiny = new(configName);

    public void Dispose() => _tiny.Dispose();

    [TestCase(1)]
    [TestCase(7)]
    public void Generator_SinglePrompt_GivesThePlainGreedyAnswer(int length)
    {
        var prompt = RuntimeModel.Prompt(length);
        Assert.That(_tiny.Generate([prompt], EightTokens)[0], Is.EqualTo(_tiny.PlainGreedy(prompt, 8)));
    }

    [Test]
    public void Generator_PaddedBatch_GivesThePlainGreedyAnswers()
    {
        int[][] prompts = [RuntimeModel.Prompt(2), RuntimeModel.Prompt(9), RuntimeModel.Prompt(5)];
        Assert.That(_tiny.Generate(prompts, EightTokens), Is.EqualTo(prompts.Select(p => _tiny.PlainGreedy(p, 8))));
    }

    [Test]
    public void Generator_StopToken_EndsItsSequenceOnly()
    {
        int[][] prompts = [RuntimeModel.Prompt(3), RuntimeModel.Prompt(6)];
        var whole = _tiny.Generate(prompts, EightTokens);
        var stop = whole[0][1];
        using var generator = _tiny.Model.CreateGenerator(prompts, EightTokens with { StopTokens = [stop] });
        while (generator.Step())
        {
        }

        for (var b = 0; b < prompts.Length; b++)
        {
            var end = Array.IndexOf(whole[b], stop);
            Assert.That(generator.GetIds(b), Is.EqualTo(end < 0 ? whole[b] : whole[b][..(end + 1)]));
            Assert.That(generator.GetFinishReason(b), Is.EqualTo(end < 0 ? FinishReason.MaxNewTokens : FinishReason.StopToken));
        }

        Assert.That(generator.GetIds(0), Has.Count.LessThanOrEqualTo(2));
    }

    [Test]
    public void Generator_ContextEnd_EndsTheLongSequenceWhileTheShortOneGoesOn()
    {
        // 96 positions: 89 + 4 pauses leave room for three more tokens to be read, and the fourth is only produced.
        int[][] prompts = [RuntimeModel.Prompt(89), RuntimeModel.Prompt(20)];
        var options = new GenerationOptions { MaxNewTokens = 12 };
        using var generator = _tiny.Model.CreateGenerator(prompts, options);
        while (generator.Step())
        {
        }

        Assert.That(generator.GetIds(0), Is.EqualTo(_tiny.Generate([prompts[0]], new() { MaxNewTokens = 4 })[0]));
        Assert.That(generator.GetIds(1), Is.EqualTo(_tiny.Generate([prompts[1]], options)[0]));
        Assert.That(new[] { generator.GetFinishReason(0), generator.GetFinishReason(1) }, Is.EqualTo([FinishReason.ContextEnd, FinishReason.MaxNewTokens]));
    }

    [Test]
    public void Generator_PromptThatFillsTheContext_GivesOneToken()
    {
        var ids = _tiny.Generate([RuntimeModel.Prompt(96 - RuntimeModel.PauseCount)], EightTokens)[0];
        Assert.That(ids, Has.Length.EqualTo(1));
    }

    [Test]
    public void Generator_SampledBatch_GivesEachSequenceItsOwnAnswer()
    {
        int[][] prompts = [RuntimeModel.Prompt(4), RuntimeModel.Prompt(9), RuntimeModel.Prompt(2)];
        var batch = _tiny.Generate(prompts, Sampled);
        Assert.That(_tiny.Generate([prompts[0]], Sampled)[0], Is.EqualTo(batch[0]));
        Assert.That(_tiny.Generate([RuntimeModel.Prompt(12), prompts[1]], Sampled)[1], Is.EqualTo(batch[1]));
        Assert.That(_tiny.Generate(prompts, Sampled with { Seed = 12 }), Is.Not.EqualTo(batch));
        Assert.That(_tiny.Generate(prompts, Sampled with { Temperature = 0 }), Is.Not.EqualTo(batch));
        Assert.That(_tiny.Generate(prompts, Sampled with { TopK = 1 }), Is.EqualTo(_tiny.Generate(prompts, EightTokens)));
    }

    [Test]
    public void Generator_CancelledStep_EndsInsideTheGraphAndCanBeRepeated()
    {
        var prompt = RuntimeModel.Prompt(6);
        using var generator = _tiny.Model.CreateGenerator([prompt], EightTokens);
        do
        {
            Assert.That(() => generator.Step(new CancellationToken(canceled: true)),
                Throws.InstanceOf<OperationCanceledException>().With.InnerException.InstanceOf<OnnxRuntimeException>());
        }
        while (generator.Step() && !generator.IsDone);
        Assert.That(generator.GetIds(0), Is.EqualTo(_tiny.Generate([prompt], EightTokens)[0]));
    }

    [Test]
    public void Generator_AfterTheEnd_DoesNothing()
    {
        using var generator = _tiny.Model.CreateGenerator([RuntimeModel.Prompt(3)], new() { MaxNewTokens = 1 });
        Assert.That(generator.IsDone, Is.False);
        Assert.That(generator.Step(), Is.True);
        Assert.That(generator.IsDone, Is.True);
        Assert.That(generator.Step(), Is.False);
        Assert.That(generator.GetIds(0), Has.Count.EqualTo(1));
    }
}
