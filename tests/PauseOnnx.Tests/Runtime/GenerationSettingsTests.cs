using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

public sealed class GenerationSettingsTests : IDisposable
{
    private readonly RuntimeModel _tiny = new("llama");

    public void Dispose() => _tiny.Dispose();

    [Test]
    public void Resolve_Nulls_AreWhatTheModelWasTrainedWith()
    {
        using var folder = new TemporaryFolder();
        var model = LoadWith(folder, new() { EosTokenIds = [19, 3], MaxNewTokens = 5, DoSample = true, Temperature = 0.7, TopK = 9, TopP = 0.8 });
        var settings = GenerationSettings.Resolve(new(), model);
        Assert.That(settings.MaxNewTokens, Is.EqualTo(5));
        Assert.That(settings.StopTokens, Is.EquivalentTo(new[] { 19, 3 }));
        Assert.That(settings.PauseCount, Is.EqualTo(RuntimeModel.PauseCount));
        Assert.That(settings.Sampling with { Seed = 0 }, Is.EqualTo(new SamplingSettings { Temperature = 0.7, TopK = 9, TopP = 0.8 }));
    }

    [Test]
    public void Resolve_OptionsGiven_WinOverTheModels()
    {
        using var folder = new TemporaryFolder();
        var model = LoadWith(folder, new() { EosTokenIds = [19], MaxNewTokens = 5, DoSample = true, Temperature = 0.7, TopK = 9, TopP = 0.8 });
        var settings = GenerationSettings.Resolve(
            new() { MaxNewTokens = 6, StopTokens = [], Temperature = 2, TopK = 0, TopP = 1, Seed = 4, PauseCount = RuntimeModel.PauseCount }, model);
        Assert.That(settings.MaxNewTokens, Is.EqualTo(6));
        Assert.That(settings.StopTokens, Is.Empty);
        Assert.That(settings.Sampling, Is.EqualTo(new SamplingSettings { Temperature = 2, TopK = 0, TopP = 1, Seed = 4 }));
    }

    [Test]
    public void Resolve_ModelWithoutDefaults_TakesTheMostLikelyTokenAndStopsSomewhere()
    {
        using var folder = new TemporaryFolder();
        var settings = GenerationSettings.Resolve(new(), LoadWith(folder, new()));
        Assert.That(settings.MaxNewTokens, Is.EqualTo(256));
        Assert.That(settings.StopTokens, Is.Empty);
        Assert.That(settings.Sampling.Temperature, Is.Zero);
    }

    [Test]
    public void Resolve_TopKOrTopPAlone_AsksForSampling()
    {
        Assert.That(GenerationSettings.Resolve(new() { TopK = 3 }, _tiny.Model).Sampling.Temperature, Is.EqualTo(1));
        Assert.That(GenerationSettings.Resolve(new() { TopP = 0.5 }, _tiny.Model).Sampling.Temperature, Is.EqualTo(1));
        Assert.That(GenerationSettings.Resolve(new() { Seed = 3 }, _tiny.Model).Sampling.Temperature, Is.Zero);
    }

    [Test]
    public void Resolve_EverythingWrong_ReportsItTogether()
    {
        var options = new GenerationOptions
        {
            MaxNewTokens = 0, Temperature = double.NaN, TopK = -1, TopP = 1.5, PauseCount = -1, StopTokens = [3, 20], MinP = 2, RepetitionPenalty = 0,
            FrequencyPenalty = 3, PresencePenalty = -3, LogProbs = 21, BeamWidth = 0, NumReturnSequences = 0, WhenContextFull = (ContextPolicy)7, StopStrings = ["a", ""],
            LogitBias = new Dictionary<int, float> { [-1] = 0, [2] = float.NaN },
        };
        Assert.That(() => GenerationSettings.Resolve(options, _tiny.Model), Throws.ArgumentException.With.Message.EqualTo(
            "MaxNewTokens is 0; expected at least 1; Temperature is NaN; expected a number from 0; TopK is -1; expected at least 0, which means all; "
            + "TopP is 1.5; expected a number above 0, at most 1; "
            + "MinP is 2; expected a number from 0 to 1; RepetitionPenalty is 0; expected a number above 0; FrequencyPenalty is 3; expected a number from -2 to 2; "
            + "PresencePenalty is -3; expected a number from -2 to 2; LogProbs is 21; expected 0 to 20, the vocabulary; BeamWidth is 0; expected 1 to 20, the vocabulary; "
            + "NumReturnSequences is 0; expected at least 1; WhenContextFull is 7; expected Stop or Slide; StopStrings holds an empty string; expected texts of at least one character; "
            + "PauseCount is -1; expected at least 0; StopTokens holds 20; expected ids from 0 to 19; LogitBias holds -1; expected ids from 0 to 19; "
            + "LogitBias of 2 is NaN; expected a number, or negative infinity."));
    }

    [Test]
    public void Resolve_SearchWithWhatItCannotDo_ReportsItTogether()
    {
        var options = new GenerationOptions { BeamWidth = 2, TopK = 4, StopStrings = ["x"], WhenContextFull = ContextPolicy.Slide, LogProbs = 3, NumReturnSequences = 3 };
        Assert.That(() => GenerationSettings.Resolve(options, _tiny.Model), Throws.ArgumentException.With.Message.EqualTo(
            "BeamWidth is 2 with sampling; expected a Temperature of 0 without TopK, TopP and MinP, or a BeamWidth of 1; BeamWidth is 2 with StopStrings; expected StopTokens, or a BeamWidth of 1; "
            + "BeamWidth is 2 with WhenContextFull Slide; expected Stop, or a BeamWidth of 1; LogProbs is 3 with a BeamWidth of 2; expected 0, the chosen tokens', or a BeamWidth of 1; "
            + "NumReturnSequences is 3; expected at most BeamWidth, 2."));
    }

    private PauseModel LoadWith(TemporaryFolder folder, GenerationConfig defaults)
    {
        var copy = _tiny.CopyTo(folder["model"]);
        defaults.Write(Path.Combine(copy, FileNames.GenerationConfig));
        using var model = PauseModel.Load(copy);
        return model;
    }
}
