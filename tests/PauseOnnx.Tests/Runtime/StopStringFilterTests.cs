using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public class StopStringFilterTests
{
    private static IEnumerable<TestCaseData> Texts()
    {
        yield return new TestCaseData(new[] { "END" }, "one END two", "one ").SetArgDisplayNames("in the middle");
        yield return new TestCaseData(new[] { "END" }, "EN EEN ENE", "EN EEN ENE").SetArgDisplayNames("beginnings that come to nothing");
        yield return new TestCaseData(new[] { "aab" }, "aaab", "a").SetArgDisplayNames("beginning inside a beginning");
        yield return new TestCaseData(new[] { "longer stop", "stop" }, "a longer stop", "a ").SetArgDisplayNames("the first, not the shortest");
        yield return new TestCaseData(new[] { "\U0001F600" }, "smile \U0001F600 end", "smile ").SetArgDisplayNames("a surrogate pair");
        yield return new TestCaseData(new[] { "x" }, "", "").SetArgDisplayNames("no text");
    }

    [TestCaseSource(nameof(Texts))]
    public void Append_TextInPiecesOfAnyLength_LetsThroughWhatComesBeforeTheStop(string[] stops, string text, string expected)
    {
        for (var length = 1; length <= text.Length + 1; length++)
        {
            var filter = new StopStringFilter(stops);
            var passed = string.Concat(text.Chunk(length).Select(piece => filter.Append(new string(piece))));
            Assert.That(filter.IsStopped, Is.EqualTo(expected != text));
            Assert.That(filter.IsStopped ? passed : passed + filter.Flush(), Is.EqualTo(expected), $"pieces of {length}");
            Assert.That(expected, Does.StartWith(passed));
        }
    }

    [Test]
    public void Append_AfterTheStop_LetsNothingThrough()
    {
        var filter = new StopStringFilter(["b"]);
        Assert.That(filter.Append("abc"), Is.EqualTo("a"));
        Assert.That(filter.Append("more") + filter.Flush(), Is.Empty);
    }
}
