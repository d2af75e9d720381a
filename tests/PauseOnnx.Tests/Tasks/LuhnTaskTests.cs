using NUnit.Framework;
using PauseOnnx.Tasks;

namespace PauseOnnx.Tests.Tasks;

public class LuhnTaskTests
{
    // Numbers that card issuers publish for testing; the last digit is the check digit.
    [TestCase("4532015112830366")]
    [TestCase("6011000990139424")]
    [TestCase("5555555555554444")]
    [TestCase("4111111111111111")]
    public void Create_PublishedTestNumbers_HaveTheirCheckDigit(string number)
    {
        var example = LuhnTask.Create([.. number[..15].Select(c => c - '0')]);

        Assert.Multiple(() =>
        {
            Assert.That(example.Prefix, Is.EqualTo(number[..15] + "="));
            Assert.That(example.Target, Is.EqualTo(number[15..]));
        });
    }

    [Test]
    public void Generate_AnySeed_MakesNumbersThatPassTheLuhnCheck()
    {
        var random = new Random(3);
        for (var i = 0; i < 500; i++)
        {
            var example = new LuhnTask().Generate(random);
            Assert.That(PassesLuhnCheck(example.Prefix.TrimEnd('=') + example.Target), Is.True, example.ToString());
        }
    }

    [Test]
    public void Create_WorkedSolution_HoldsTheAnswerInTheSlotOfTheFirstMultipleOfTen()
    {
        // 1 in the first place counts double: the sum is 2, so slot 1 (ten) holds 10 - 2.
        var example = LuhnTask.Create([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);

        Assert.Multiple(() =>
        {
            Assert.That(example.Work, Is.EqualTo(".8............."));
            Assert.That(example.Target, Is.EqualTo("8"));
        });
    }

    [Test]
    public void Create_SumOfZero_NeedsNoMultiple()
    {
        var example = LuhnTask.Create(new int[15]);

        Assert.That((example.Work, example.Target), Is.EqualTo(("0..............", "0")));
    }

    [Test]
    public void SumDistribution_AgreesWith_SumsOfRandomNumbers()
    {
        var distribution = LuhnTask.SumDistribution();
        var random = new Random(5);
        var below = 0;
        for (var i = 0; i < 20_000; i++)
        {
            below += new LuhnTask().Generate(random).Work.TakeWhile(c => c == '.').Count() <= 6 ? 1 : 0;
        }

        Assert.Multiple(() =>
        {
            Assert.That(distribution.Sum(), Is.EqualTo(1).Within(1e-12));
            Assert.That(distribution.Take(61).Sum(), Is.EqualTo(below / 20_000.0).Within(0.02));
        });
    }

    // The rule as issuers state it, from the right: double every second digit, subtract 9 above 9, the sum is a multiple of ten.
    private static bool PassesLuhnCheck(string number)
    {
        var sum = 0;
        for (var i = 0; i < number.Length; i++)
        {
            var digit = number[^(i + 1)] - '0';
            sum += i % 2 == 0 ? digit : (2 * digit / 10) + (2 * digit % 10);
        }

        return sum % 10 == 0;
    }
}
