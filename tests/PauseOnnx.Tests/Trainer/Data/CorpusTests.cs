using System.Text;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer.Data;

public class CorpusTests
{
    [Test]
    public void Find_InAFolder_TakesVisibleTextInOrderAndSaysWhatItSkipped()
    {
        using var folder = new TemporaryFolder();
        Write(folder["b.txt"], "b"u8);
        Write(folder["a/z.md"], "é"u8);
        Write(folder["B.txt"], "B"u8);
        Write(folder[".git/config"], "hidden"u8);
        Write(folder[".hidden"], "hidden"u8);
        Write(folder["image.png"], [0x89, 0x50, 0x4E, 0x47, 0]);
        Write(folder["zero.bin"], [65, 0, 66]);
        Write(folder["latin1.txt"], [65, 0xE9, 66]);
        Write(folder["cut.txt"], [65, 0xE2, 0x82]);
        Write(folder["empty.txt"], []);
        Write(folder["out/old.txt"], "earlier result"u8);
        File.CreateSymbolicLink(folder["link.txt"], folder["b.txt"]);
        Directory.CreateSymbolicLink(folder["loop"], folder.Root);
        var corpus = Corpus.Find([folder.Root], folder["out"], CancellationToken.None);
        Assert.Multiple(() =>
        {
            Assert.That(corpus.Files, Is.EqualTo(new[] { (folder["B.txt"], 1L), (folder["a/z.md"], 2L), (folder["b.txt"], 1L) }));
            Assert.That(corpus.Skipped, Is.EqualTo(new SortedDictionary<string, int> { ["binary"] = 1, ["empty"] = 1, ["not UTF-8"] = 3 }));
        });
    }

    [Test]
    public void Find_OfPathsThatOverlap_TakesEachFileOnceInTheirOrder()
    {
        using var folder = new TemporaryFolder();
        Write(folder["a.txt"], "a"u8);
        Write(folder["b.txt"], "b"u8);
        var corpus = Corpus.Find([folder["b.txt"], folder.Root, folder["a.txt"]], folder["out"], CancellationToken.None);
        Assert.That(corpus.Files.Select(f => f.Path), Is.EqualTo(new[] { folder["b.txt"], folder["a.txt"] }));
    }

    [Test]
    public void Find_OfAMissingPath_NamesIt()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => Corpus.Find([folder["none"]], folder["out"], CancellationToken.None),
            Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo($"'{folder["none"]}' does not exist; expected a text file or a folder."));
    }

    [Test]
    public void ReadChunks_OfALongFile_CutsBeforeSpacesAndLosesNothing()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(4);
        var text = string.Concat(Enumerable.Range(0, 150_000).Select(_ => ((string[])["word ", "é\n", "😀", "  ", "x"])[random.Next(5)]));
        File.WriteAllText(folder["x"], text);
        var chunks = Corpus.ReadChunks(folder["x"]).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(chunks, Has.Length.GreaterThan(1));
            Assert.That(string.Concat(chunks), Is.EqualTo(text));
            Assert.That(chunks.Skip(1).Select(c => c[0]), Is.All.EqualTo(' '));
            Assert.That(chunks.SkipLast(1).Select(c => char.IsWhiteSpace(c[^1])), Is.All.False);
        });
    }

    [Test]
    public void ReadChunks_CutAnywhere_GiveTheSamePiecesAsTheWholeText()
    {
        using var folder = new TemporaryFolder();
        var text = string.Concat(Enumerable.Repeat("It's  1 test,\n\n  isn't it?   yes 😀 \n", 20_000));
        File.WriteAllText(folder["x"], text);
        var whole = PreTokenizer.Gpt2.Split(text).Select(r => text[r]);
        Assert.That(Corpus.ReadChunks(folder["x"]).SelectMany(c => PreTokenizer.Gpt2.Split(c).Select(r => c[r])).SequenceEqual(whole), Is.True);
    }

    [TestCase("😀")]
    [TestCase("x")]
    public void ReadChunks_WithoutSpaces_NeverSplitsACharacter(string unit)
    {
        using var folder = new TemporaryFolder();
        var text = "a" + string.Concat(Enumerable.Repeat(unit, 400_000));
        File.WriteAllText(folder["x"], text);
        var chunks = Corpus.ReadChunks(folder["x"]).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(string.Concat(chunks), Is.EqualTo(text));
            Assert.That(chunks.Any(c => char.IsLowSurrogate(c[0])), Is.False);
        });
    }

    [Test]
    public void ReadChunks_OfAByteOrderMark_LeavesItOut()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x"], "text\uFEFF", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.That(Corpus.ReadChunks(folder["x"]), Is.EqualTo(new[] { "text\uFEFF" }));
    }

    private static void Write(string file, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }
}
