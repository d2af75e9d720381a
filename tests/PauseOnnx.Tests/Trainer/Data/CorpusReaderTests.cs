using System.Text;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer.Data;

public class CorpusReaderTests
{
    private static readonly string[] Documents = ["first", "second\n\n\"quoted\"", "", "漢字 😀 \u2028", new string('x', 300_000), "last"];

    [TestCase("x.jsonl")]
    [TestCase("x.json")]
    [TestCase("x.json.gz")]
    [TestCase("x.jsonl.gz")]
    [TestCase("x.jsonl.zst")]
    [TestCase("X.JSONL.GZ")]
    public void Read_OfJsonLines_GivesEachTextField(string name)
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder[name], Documents, "body");
        Assert.That(Read(folder[name], "body"), Is.EqualTo(Documents));
    }

    [TestCase("x.txt")]
    [TestCase("x.md")]
    [TestCase("x")]
    [TestCase("x.txt.gz")]
    [TestCase("x.txt.zst")]
    [TestCase("package.json")]
    public void Read_OfText_GivesTheFile(string name)
    {
        using var folder = new TemporaryFolder();
        SourceFiles.Write(folder[name], "{\n\"text\": \"a\"\n}\n");
        Assert.That(Read(folder[name]), Is.EqualTo(new[] { "{\n\"text\": \"a\"\n}\n" }));
    }

    [Test]
    public async Task Read_OfParquet_GivesTheColumnOfAllRowGroups()
    {
        using var folder = new TemporaryFolder();
        await SourceFiles.WriteParquetAsync(folder["x.parquet"], ["a", null, "", "b 😀", "c"], "article");
        Assert.That(Read(folder["x.parquet"], "article"), Is.EqualTo(new[] { "a", "", "", "b 😀", "c" }));
    }

    [Test]
    public void Read_OfSeveralGzipMembers_GivesAll()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder["a.jsonl.gz"], ["a", "b"]);
        SourceFiles.WriteJsonLines(folder["b.jsonl.gz"], ["c"]);
        File.WriteAllBytes(folder["c.jsonl.gz"], [.. File.ReadAllBytes(folder["a.jsonl.gz"]), .. File.ReadAllBytes(folder["b.jsonl.gz"])]);
        Assert.That(Read(folder["c.jsonl.gz"]), Is.EqualTo(new[] { "a", "b", "c" }));
    }

    [Test]
    public void Read_OfLinesOfManyLengths_LosesNone()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(3);
        var documents = Enumerable.Range(0, 300).Select(i => new string((char)('a' + (i % 26)), 1 << random.Next(0, 18))).Append(new string('z', 3 << 20)).ToArray();
        SourceFiles.WriteJsonLines(folder["x.jsonl.gz"], documents);
        Assert.That(Read(folder["x.jsonl.gz"]), Is.EqualTo(documents));
    }

    [Test]
    public void Read_OfBlankLinesByteOrderMarksAndNull_LeavesThemOut()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.Write(folder["x.jsonl"], "\uFEFF\n{\"text\": \"a\"}\r\n \t\r\n{\"text\": null}\n{\"text\": \"b\"}");
        Assert.That(Read(folder["x.jsonl"]), Is.EqualTo(new[] { "a", "", "b" }));
    }

    [TestCase("{\"text\": \"a\"", "Not valid JSON; expected an object with \"text\" on each line")]
    [TestCase("{\"text\": \"a\"} x", "Not valid JSON; expected an object with \"text\" on each line")]
    [TestCase("{\"text\": \"\\ud800\"}", "Not valid JSON; expected an object with \"text\" on each line")]
    [TestCase("text", "Not valid JSON; expected an object with \"text\" on each line")]
    [TestCase("[\"a\"]", "The line is an array; expected an object with \"text\" on each line")]
    [TestCase("{}", "'text' is missing; expected a string: name another field with --text-field")]
    [TestCase("{\"body\": \"a\", \"n\": {\"text\": \"b\"}}", "'text' is missing; expected a string: name another field with --text-field")]
    [TestCase("{\"text\": 12}", "'text' is a number; expected a string")]
    [TestCase("{\"text\": [\"a\"]}", "'text' is an array; expected a string")]
    [TestCase("{\"text\": true}", "'text' is true or false; expected a string")]
    public void Read_OfABadLine_NamesItAndWhatWasExpected(string line, string expected)
    {
        using var folder = new TemporaryFolder();
        SourceFiles.Write(folder["x.jsonl.gz"], $"{{\"text\": \"a\"}}\n\n{line}\n");
        Assert.That(() => Read(folder["x.jsonl.gz"]), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"{expected} ({folder["x.jsonl.gz"]}, line 3)."));
    }

    [TestCase("x.jsonl.gz", 0.5, "gzip")]
    [TestCase("x.jsonl.gz", 0.999, "gzip")]
    [TestCase("x.jsonl.gz", 0.001, "gzip")]
    [TestCase("x.jsonl.zst", 0.5, "Zstandard")]
    [TestCase("x.jsonl.zst", 0.999, "Zstandard")]
    public void Read_OfACompressedFileThatIsCutOff_SaysSo(string name, double part, string kind)
    {
        using var folder = new TemporaryFolder();
        var random = new Random(5);
        SourceFiles.WriteJsonLines(folder[name], Enumerable.Range(0, 5000).Select(_ => $"{random.NextInt64()}"));
        var bytes = File.ReadAllBytes(folder[name]);
        File.WriteAllBytes(folder[name], bytes[..(int)(part * bytes.Length)]);
        Assert.That(() => Read(folder[name]), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"The file is damaged or cut off; expected whole {kind} data, so copy or download it again ({folder[name]})."));
    }

    [TestCase("x.jsonl.gz")]
    [TestCase("x.txt.gz")]
    [TestCase("x.jsonl.zst")]
    public void Read_OfWhatIsNotCompressed_SaysSo(string name)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder[name], "{\"text\": \"not compressed at all\"}\n");
        Assert.That(() => Read(folder[name]), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("The file is damaged or cut off"));
    }

    [Test]
    public void Read_OfDamagedGzip_SaysSo()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder["x.jsonl.gz"], Documents);
        var bytes = File.ReadAllBytes(folder["x.jsonl.gz"]);
        bytes[^6] ^= 1;
        File.WriteAllBytes(folder["x.jsonl.gz"], bytes);
        Assert.That(() => Read(folder["x.jsonl.gz"]), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("The file is damaged or cut off"));
    }

    [Test]
    public async Task Read_OfParquetWithoutTheColumn_NamesTheOthers()
    {
        using var folder = new TemporaryFolder();
        await SourceFiles.WriteParquetAsync(folder["x.parquet"], ["a"], "article");
        Assert.Multiple(() =>
        {
            Assert.That(() => Read(folder["x.parquet"]), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
                $"There is no column 'text'; expected one of number, article, named with --text-field ({folder["x.parquet"]})."));
            Assert.That(() => Read(folder["x.parquet"], "number"), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
                $"Column 'number' is of type Int32; expected strings ({folder["x.parquet"]})."));
        });
    }

    [Test]
    public async Task Read_OfDamagedParquet_SaysSo()
    {
        using var folder = new TemporaryFolder();
        await SourceFiles.WriteParquetAsync(folder["x.parquet"], ["a", "b"]);
        File.WriteAllBytes(folder["cut.parquet"], File.ReadAllBytes(folder["x.parquet"])[..100]);
        File.WriteAllText(folder["text.parquet"], "plain text, not Parquet");
        SourceFiles.Write(folder["zipped.parquet.gz"], File.ReadAllBytes(folder["x.parquet"]));
        Assert.Multiple(() =>
        {
            Assert.That(() => Read(folder["cut.parquet"]), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("Not a whole Parquet file: "));
            Assert.That(() => Read(folder["text.parquet"]), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("Not a whole Parquet file: "));
            Assert.That(() => Read(folder["zipped.parquet.gz"]), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("The Parquet file is compressed as a whole"));
        });
    }

    [Test]
    public void Read_OfALongText_CutsBeforeSpacesAndLosesNothing()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(4);
        var text = string.Concat(Enumerable.Range(0, 150_000).Select(_ => ((string[])["word ", "é\n", "😀", "  ", "x"])[random.Next(5)]));
        File.WriteAllText(folder["x"], text);
        var parts = Parts(folder["x"]);
        var chunks = parts.Select(p => p.Text()).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(chunks, Has.Length.GreaterThan(1));
            Assert.That(string.Concat(chunks), Is.EqualTo(text));
            Assert.That(chunks.Skip(1).Select(c => c[0]), Is.All.EqualTo(' '));
            Assert.That(chunks.SkipLast(1).Select(c => char.IsWhiteSpace(c[^1])), Is.All.False);
            Assert.That(parts.Select(p => p.StartsDocument), Is.EqualTo(parts.Select((_, i) => i == 0)));
            Assert.That(parts.Select(p => p.EndsDocument), Is.EqualTo(parts.Select((_, i) => i == parts.Length - 1)));
        });
    }

    [TestCase("😀")]
    [TestCase("x")]
    public void Read_OfTextWithoutSpaces_NeverSplitsACharacter(string unit)
    {
        using var folder = new TemporaryFolder();
        var text = "a" + string.Concat(Enumerable.Repeat(unit, 400_000));
        File.WriteAllText(folder["x"], text);
        var chunks = Parts(folder["x"]).Select(p => p.Text()).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(string.Concat(chunks), Is.EqualTo(text));
            Assert.That(chunks.Any(c => c.Length > 0 && char.IsLowSurrogate(c[0])), Is.False);
        });
    }

    [Test]
    public void Read_OfAByteOrderMark_LeavesItOut()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x"], "text\uFEFF", new UTF8Encoding(encoderShouldEmitUTF8Identifier: true));
        Assert.That(Read(folder["x"]), Is.EqualTo(new[] { "text\uFEFF" }));
    }

    [Test]
    public void Read_FromTheEndOfAnyBatch_GivesTheSameBatchesAgain()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder["a.jsonl"], Enumerable.Range(0, 10).Select(i => new string((char)('a' + i), 50_000)));
        SourceFiles.Write(folder["b.txt"], string.Concat(Enumerable.Repeat("some words ", 60_000)));
        SourceFiles.WriteJsonLines(folder["c.jsonl.gz"], Enumerable.Range(0, 10).Select(i => new string((char)('a' + i), 30_000)));
        var corpus = Corpus.Find([folder.Root], folder["out"], CancellationToken.None);
        var batches = CorpusReader.Read(corpus, "text").ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(batches, Has.Length.GreaterThan(5));
            Assert.That(batches[^1].SourceBytes, Is.EqualTo(corpus.Bytes));
            for (var i = 0; i < batches.Length; i++)
            {
                var again = CorpusReader.Read(corpus, "text", batches[i].End).Select(Describe);
                Assert.That(again, Is.EqualTo(batches.Skip(i + 1).Select(Describe)));
            }
        });
    }

    private static string Describe(CorpusBatch batch) => $"{batch.End} {batch.SourceBytes} {string.Concat(batch.Parts.Select(p => p.Part.Text())).GetHashCode()}";

    private static DocumentPart[] Parts(string file, string field = "text") =>
        [.. CorpusReader.Read(Corpus.Find([file], "out", CancellationToken.None), field).SelectMany(b => b.Parts).Select(p => p.Part)];

    // Documents, as parts put together.
    private static List<string> Read(string file, string field = "text")
    {
        var documents = new List<string>();
        foreach (var part in Parts(file, field))
        {
            var text = part.Text();
            if (part.StartsDocument)
            {
                documents.Add(text);
            }
            else
            {
                documents[^1] += text;
            }
        }

        return documents;
    }
}
