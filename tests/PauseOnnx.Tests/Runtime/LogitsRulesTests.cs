using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public sealed class LogitsRulesTests : IDisposable
{
    private static readonly float[] Logits = [2, -2, 1, 0, -1];

    private readonly RuntimeModel _tiny = new("llama");

    public void Dispose() => _tiny.Dispose();

    [Test]
    public void Apply_NoRule_GivesTheSameMemory() => Assert.That(Changed(new(), [0], [1]), Is.EqualTo(Logits));

    [Test]
    public void Apply_RepetitionPenalty_HitsPromptAndAnswerOnce() =>
        Assert.That(Changed(new() { RepetitionPenalty = 2 }, [0, 1, 1], [4, 4]), Is.EqualTo([1, -4, 1, 0, -2]));

    [Test]
    public void Apply_FrequencyAndPresence_CountTheAnswerOnly() =>
        Assert.That(Changed(new() { FrequencyPenalty = 0.5f, PresencePenalty = 0.25f }, [0], [2, 2, 3]), Is.EqualTo([2, -2, -0.25f, -0.75f, -1]));

    [Test]
    public void Apply_PauseInThePrompt_HasNoLogitAndIsLeftOut() =>
        Assert.That(Changed(new() { RepetitionPenalty = 2 }, [5, 0], []), Is.EqualTo([1, -2, 1, 0, -1]));

    [Test]
    public void Apply_Bias_IsAdded() =>
        Assert.That(Changed(new() { Bias = [new(1, 3), new(2, float.NegativeInfinity)] }, [], []), Is.EqualTo([2, 1, float.NegativeInfinity, 0, -1]));

    [Test]
    public void Apply_Processors_SeeTheSequenceAndChangeInTurn()
    {
        var seen = new List<string>();
        var recorder = new Processor(c =>
        {
            seen.Add($"{c.Sequence}: {string.Join(',', c.Prompt.ToArray())} | {string.Join(',', c.Produced.ToArray())} | {c.Logits[0]}");
            c.Logits[0] *= 10;
        });
        var changed = Changed(new() { Bias = [new(0, 1)], Processors = [recorder, recorder] }, [1, 2], [3]);
        Assert.That(seen, Is.EqualTo(["7: 1,2 | 3 | 3", "7: 1,2 | 3 | 30"]));
        Assert.That(changed[0], Is.EqualTo(300));
        Assert.That(Logits[0], Is.EqualTo(2), "the model's own logits were changed");
    }

    [Test]
    public void Generator_ProcessorThatForbids_IsObeyed()
    {
        var onlyTwo = new Processor(c =>
        {
            for (var id = 0; id < c.Logits.Length; id++)
            {
                c.Logits[id] = id == 2 ? c.Logits[id] : float.NegativeInfinity;
            }
        });
        Assert.That(_tiny.Generate([[1, 2]], new() { MaxNewTokens = 3, LogitsProcessors = [onlyTwo] })[0], Is.EqualTo([2, 2, 2]));
        var none = new Processor(c => c.Logits.Fill(float.NegativeInfinity));
        Assert.That(() => _tiny.Generate([[1, 2]], new() { MaxNewTokens = 3, LogitsProcessors = [none] }),
            Throws.InvalidOperationException.With.Message.Contain("a token that is not forbidden"));
        var notNumbers = new Processor(c => c.Logits.Fill(float.NaN));
        Assert.That(() => _tiny.Generate([[1, 2]], new() { MaxNewTokens = 3, LogitsProcessors = [notNumbers], Temperature = 1 }),
            Throws.InvalidOperationException.With.Message.Contain("is NaN"));
    }

    private static float[] Changed(LogitsSettings settings, int[] prompt, int[] produced)
    {
        var options = new GenerationSettings
        {
            MaxNewTokens = 100, Sampling = new(), Logits = settings, PauseCount = 0, StopTokens = new HashSet<int>(), StopStrings = [],
            LogProbs = null, BeamWidth = 1, NumReturnSequences = 1, WhenContextFull = ContextPolicy.Stop,
        };
        var sequence = new Sequence(7, prompt, room: 100, options, Logits.Length, tokenizer: null);
        foreach (var id in produced)
        {
            sequence.Accept(id);
        }

        return new LogitsRules(settings, Logits.Length).Apply(Logits, sequence).ToArray();
    }

    private delegate void Change(LogitsContext context);

    private sealed class Processor(Change change) : ILogitsProcessor
    {
        public void Process(LogitsContext context) => change(context);
    }
}
