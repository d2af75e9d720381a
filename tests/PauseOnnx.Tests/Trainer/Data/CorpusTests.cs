using NUnit.Framework;
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
            Assert.That(corpus.Files.Select(f => (f.Path, f.Bytes)), Is.EqualTo(new[] { (folder["B.txt"], 1L), (folder["a/z.md"], 2L), (folder["b.txt"], 1L) }));
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
            Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo($"'{folder["none"]}' does not exist; expected a file, a folder, or a pattern such as 'data/**/*.jsonl.gz' in quotes."));
    }

    [Test]
    public void Find_OfAPattern_TakesTheVisibleFilesThatMatch()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in (string[])["c4/a.jsonl", "c4/b.jsonl", "c4/en/c.jsonl", "c4/en/d.txt", "c4/.old/e.jsonl", "f.jsonl"])
        {
            Write(folder[name], "{\"text\": \"a\"}"u8);
        }

        Assert.Multiple(() =>
        {
            Assert.That(Find("c4/**/*.jsonl"), Is.EqualTo(new[] { folder["c4/a.jsonl"], folder["c4/b.jsonl"], folder["c4/en/c.jsonl"] }));
            Assert.That(Find("c4/*.jsonl"), Is.EqualTo(new[] { folder["c4/a.jsonl"], folder["c4/b.jsonl"] }));
            Assert.That(Find("*/*/*"), Is.EqualTo(new[] { folder["c4/en/c.jsonl"], folder["c4/en/d.txt"] }));
            Assert.That(() => Find("c4/*.gz"), Throws.TypeOf<FileNotFoundException>().With.Message.StartsWith($"'{folder["c4/*.gz"]}' matches no file; expected a pattern"));
            Assert.That(() => Find("none/*.gz"), Throws.TypeOf<FileNotFoundException>().With.Message.StartsWith($"'{folder["none/*.gz"]}' matches no file"));
        });

        IEnumerable<string> Find(string pattern) => Corpus.Find([folder[pattern]], folder["out"], CancellationToken.None).Files.Select(f => f.Path);
    }

    private static void Write(string file, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        File.WriteAllBytes(file, content);
    }
}
