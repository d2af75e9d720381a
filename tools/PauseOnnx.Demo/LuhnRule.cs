using PauseOnnx.Tasks;

namespace PauseOnnx.Demo;

/// <summary>
/// What a model would score on Luhn if M pauses checked the multiples of ten up to 10 M and it guessed otherwise. Nothing
/// is fitted: the rule follows from how often each Luhn sum occurs.
/// </summary>
internal static class LuhnRule
{
    /// <summary>Expected accuracy, 0-1, with M = <paramref name="pauseCount"/> pauses.</summary>
    public static double Accuracy(int pauseCount)
    {
        var found = LuhnTask.SumDistribution().Where((_, sum) => LuhnTask.FirstMultipleOfTen(sum) <= pauseCount).Sum();
        return found + ((1 - found) * new LuhnTask().Chance);
    }
}
