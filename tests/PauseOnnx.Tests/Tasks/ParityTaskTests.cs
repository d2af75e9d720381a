using NUnit.Framework;
using PauseOnnx.Tasks;

namespace PauseOnnx.Tests.Tasks;

public class ParityTaskTests
{
    [TestCase("000000000000000000000000", "aaaaaaaaaaaaaaaaaaaaaaaa", "e")]
    [TestCase("100000000000000000000000", "baaaaaaaaaaaaaaaaaaaaaaa", "o")]
    [TestCase("100000000000000000000001", "abaaaaaaaaaaaaaaaaaaaaaa", "e")]
    [TestCase("111111111111111111111111", "aaaaaaaaaaaaaaaaaaaaaaab", "e")]
    public void Create_Bits_MarksTheirNumberOfOnes(string bits, string counts, string answer)
    {
        var example = ParityTask.Create(bits);

        Assert.That((example.Prefix, example.Work, example.Target), Is.EqualTo((bits + "=", ":" + counts, answer)));
    }

    [Test]
    public void Generate_ManyExamples_UseOnlySymbolsOfTheTask()
    {
        var (task, random) = (new ParityTask(), new Random(1));
        for (var i = 0; i < 200; i++)
        {
            var example = task.Generate(random);
            Assert.That(example.Prefix + example.Work + example.Target, Has.Length.EqualTo(51).And.Matches($"^[{task.Symbols}]*$"));
        }
    }
}
