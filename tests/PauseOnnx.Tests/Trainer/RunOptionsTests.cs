using NUnit.Framework;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class RunOptionsTests
{
    [TestCase(LearningRateSchedule.Constant, 0, 0.1)]
    [TestCase(LearningRateSchedule.Constant, 9, 1)]
    [TestCase(LearningRateSchedule.Constant, 109, 1)]
    [TestCase(LearningRateSchedule.Cosine, 4, 0.5)]
    [TestCase(LearningRateSchedule.Cosine, 10, 1)]
    [TestCase(LearningRateSchedule.Cosine, 60, 0.6)]
    [TestCase(LearningRateSchedule.Cosine, 110, 0.2)]
    [TestCase(LearningRateSchedule.Linear, 35, 0.8)]
    [TestCase(LearningRateSchedule.Linear, 110, 0.2)]
    public void LearningRateAt_Step_FollowsWarmupAndSchedule(LearningRateSchedule schedule, int step, double fraction)
    {
        var options = TinyModels.Run(110) with { LearningRate = 0.004, WarmupSteps = 10, FinalFraction = 0.2, Schedule = schedule };
        Assert.That(options.LearningRateAt(step), Is.EqualTo(0.004 * fraction).Within(1e-9));
    }

    [TestCase("15", 15, 15)]
    [TestCase("0", 0, 0)]
    [TestCase("6..30", 6, 30)]
    public void PauseRange_Text_IsRead(string text, int min, int max)
    {
        Assert.That(PauseRange.Parse(text), Is.EqualTo(new PauseRange(min, max)));
        Assert.That($"{PauseRange.Parse(text)}", Is.EqualTo(text));
    }

    [TestCase("-1")]
    [TestCase("6-30")]
    [TestCase("6..")]
    [TestCase("1..2..3")]
    [TestCase("30..6")]
    public void PauseRange_OtherText_IsRefused(string text) =>
        Assert.That(() => PauseRange.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains(text));

    [TestCase(15, 15, 10, 15)]
    [TestCase(0, 0, 15, 0)]
    [TestCase(6, 30, 15, 15)]
    [TestCase(6, 12, 15, 12)]
    public void PauseRange_DefaultCount_IsTheWishOnlyInsideARange(int min, int max, int wish, int expected) =>
        Assert.That(new PauseRange(min, max).DefaultCount(wish), Is.EqualTo(expected));
}
