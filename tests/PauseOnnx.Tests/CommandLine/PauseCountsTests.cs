using NUnit.Framework;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Tests.CommandLine;

public class PauseCountsTests
{
    [TestCase("15", new[] { 15 })]
    [TestCase("0, 2,4..6", new[] { 0, 2, 4, 5, 6 })]
    [TestCase("6,4..7", new[] { 4, 5, 6, 7 })]
    public void Parse_NumbersAndRanges_GivesThemAscending(string text, int[] expected) =>
        Assert.That(PauseCounts.Parse(text), Is.EqualTo(expected));

    [TestCase("")]
    [TestCase("-1")]
    [TestCase("7..3")]
    [TestCase("1..2..3")]
    [TestCase("0..99999999")]
    [TestCase("four")]
    public void Parse_AnythingElse_SaysWhatWasExpected(string text) =>
        Assert.That(() => PauseCounts.Parse(text), Throws.TypeOf<FormatException>().With.Message.Contains("0,2,4..12,15"));
}
