using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer.Data;

public class WordCountsTests
{
    [Test]
    public void Of_AnyText_CountsThePiecesOfGpt2sRule()
    {
        var random = new Random(8);
        var text = string.Concat(Enumerable.Range(0, 20_000).Select(_ => ((string[])["It's", " ", "  ", "\n", "12", " é", "漢字", "😀", "!?", "\t", new string('x', 40)])[random.Next(11)]));
        var expected = PreTokenizer.Gpt2.Split(text).GroupBy(r => text[r]).ToDictionary(g => g.Key, g => (long)g.Count());
        Assert.That(WordCounts.Of([text]).Pieces, Is.EquivalentTo(expected));
    }

    [Test]
    public void Add_OfTooManyPieces_ForgetsTheRarest()
    {
        var counts = new WordCounts();
        counts.Add(WordCounts.Of(["a a a a a b b b b c c c d d e"]), maxPieces: 3);
        Assert.That(counts.Pieces, Is.EquivalentTo(new Dictionary<string, long> { [" a"] = 4, [" b"] = 4, [" c"] = 3 }));
    }
}
