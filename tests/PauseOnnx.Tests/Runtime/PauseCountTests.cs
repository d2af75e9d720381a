using NUnit.Framework;

namespace PauseOnnx.Tests.Runtime;

/// <summary>A count chosen by the call, whether the graph takes it or the pauses are fed as tokens.</summary>
[TestFixture("llama", true)]
[TestFixture("llama", false)]
[TestFixture("gpt2", true)]
[TestFixture("gpt2", false)]
public sealed class PauseCountTests(string configName, bool isDynamic) : IDisposable
{
    private readonly RuntimeModel _tiny = new(configName, isDynamic);

    public void Dispose() => _tiny.Dispose();

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(25)]
    public void PauseCount_OfACall_IsTheOneUsed(int pauseCount)
    {
        int[][] prompts = [RuntimeModel.Prompt(3), RuntimeModel.Prompt(7)];
        var ids = _tiny.Generate(prompts, new() { MaxNewTokens = 5, PauseCount = pauseCount });
        Assert.That(ids, Is.EqualTo(prompts.Select(p => _tiny.PlainGreedy(p, 5, pauseCount))));
    }

    [Test]
    public void PauseCount_Null_IsTheModelsOwn()
    {
        Assert.That(_tiny.Model.IsPauseCountDynamic, Is.EqualTo(isDynamic));
        Assert.That(_tiny.Model.CanChoosePauseCount, Is.True);
        Assert.That(_tiny.Model.PauseCount, Is.EqualTo(RuntimeModel.PauseCount));
        Assert.That(_tiny.Generate([RuntimeModel.Prompt(6)], new() { MaxNewTokens = 5 })[0], Is.EqualTo(_tiny.PlainGreedy(RuntimeModel.Prompt(6), 5)));
    }

    [Test]
    public void PauseCount_ThatFillsTheContext_IsRefusedWithItsNumbers() =>
        Assert.That(() => _tiny.Model.CreateGenerator([RuntimeModel.Prompt(6)], new() { PauseCount = 91 }), Throws.ArgumentException.With.Message.EqualTo(
            "The prompt has 6 tokens, with 91 pauses 97; expected at most 96, the model's context."));
}
