using NUnit.Framework;
using PauseOnnx.Benchmarks;

namespace PauseOnnx.Tests.Benchmarks;

public class MarkdownTableTests
{
    [Test]
    public void Lines_AreAMarkdownTable()
    {
        var table = new MarkdownTable("a", "b");
        table.Add("1", "2");
        Assert.That(table.Lines, Is.EqualTo(new[] { "| a | b |", "|---|---|", "| 1 | 2 |" }));
    }

    [Test]
    public void Add_RowOfAnotherWidth_IsRefused() =>
        Assert.That(() => new MarkdownTable("a", "b").Add("1"), Throws.ArgumentException.With.Message.Contains("1 cells; expected 2"));

    [TestCase(new[] { 3.0, 1, 2 }, "2.0 (1.0)")]
    [TestCase(new[] { 4.0, 1, 2, 3 }, "3.0 (1.0)")]
    public void MedianAndLeast_Values_AreTheMiddleAndTheSmallest(double[] values, string expected) => Assert.That(values.MedianAndLeast("F1"), Is.EqualTo(expected));
}
