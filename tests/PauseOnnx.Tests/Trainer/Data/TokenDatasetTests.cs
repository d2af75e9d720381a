using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer.Data;

public class TokenDatasetTests
{
    private const int Eos = 2;

    [TestCase(65536, 2, "uint16")]
    [TestCase(65537, 4, "uint32")]
    public void Read_OfWhatWasWritten_GivesTheSameTokens(int vocabSize, int size, string type)
    {
        using var folder = new TemporaryFolder();
        int[] tokens = [0, 1, vocabSize - 1];
        Write(folder.Root, vocabSize, tokens, [5]);
        using var dataset = TokenDataset.Open(folder.Root);
        var (all, part) = (new int[6], new int[2]);
        dataset.Read(0, all);
        dataset.Read(2, part);
        Assert.Multiple(() =>
        {
            Assert.That((dataset.Count, dataset.VocabSize), Is.EqualTo((6L, vocabSize)));
            Assert.That(all, Is.EqualTo((int[])[.. tokens, Eos, 5, Eos]));
            Assert.That(part, Is.EqualTo(new[] { vocabSize - 1, Eos }));
            Assert.That(new FileInfo(folder[TokenDataset.TokensFile]).Length, Is.EqualTo(6 * size));
            Assert.That(File.ReadAllText(folder[TokenDataset.InfoFile]), Does.Contain($"\"type\": \"{type}\"").And.Contain("\"documents\": 2"));
        });
    }

    [Test]
    public void Read_OfManyTokens_CrossesEveryBlock()
    {
        using var folder = new TemporaryFolder();
        int[] tokens = [.. Enumerable.Range(0, 600_000).Select(i => i * 31 % 5000)];
        Write(folder.Root, 5000, tokens);
        using var dataset = TokenDataset.Open(folder.Root);
        var read = new int[tokens.Length];
        dataset.Read(0, read);
        Assert.That(read.AsSpan().SequenceEqual(tokens), Is.True);
    }

    [TestCase(-1, 1)]
    [TestCase(4, 1)]
    [TestCase(0, 5)]
    [TestCase(long.MaxValue, 1)]
    public void Read_OutsideTheDataset_IsRefused(long first, int count)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        using var dataset = TokenDataset.Open(folder.Root);
        Assert.That(() => dataset.Read(first, new int[count]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("not all among the 4 of the dataset"));
    }

    [Test]
    public void Read_AfterDispose_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        var dataset = TokenDataset.Open(folder.Root);
        dataset.Dispose();
        dataset.Dispose();
        Assert.That(() => dataset.Read(0, new int[1]), Throws.TypeOf<ObjectDisposedException>());
    }

    [TestCase(0)]
    [TestCase(7)]
    [TestCase(10)]
    public void Open_OfATruncatedOrLongerFile_SaysBothSizes(int length)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        var bytes = File.ReadAllBytes(folder[TokenDataset.TokensFile]);
        Array.Resize(ref bytes, length);
        File.WriteAllBytes(folder[TokenDataset.TokensFile], bytes);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"The file has {length} bytes; expected 8 for 4 tokens of 2 bytes ({folder[TokenDataset.TokensFile]})."));
    }

    [Test]
    public void Open_OfChangedTokens_NoticesByTheirChecksum()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        var bytes = File.ReadAllBytes(folder[TokenDataset.TokensFile]);
        bytes[0] ^= 1;
        File.WriteAllBytes(folder[TokenDataset.TokensFile], bytes);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("The SHA-256 is ").And.Message.Contains("changed or is damaged"));
    }

    [Test]
    public void Open_OfATokenOutsideTheVocabulary_NamesIt()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 200, 3]);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"Id 200 is among the tokens; expected 0 to 9 ({folder[TokenDataset.TokensFile]})."));
    }

    [TestCase("version", "2", "'version' is 2; expected an integer from 1 to 1")]
    [TestCase("count", "-4", "'count' is not a number of tokens; expected an integer from 1")]
    [TestCase("count", "9223372036854775807", "'count' is not a number of tokens; expected an integer from 1")]
    [TestCase("count", "null", "'count' is not a number of tokens; expected an integer from 1")]
    [TestCase("type", "\"uint32\"", "'type' is 'uint32'; expected 'uint16'")]
    [TestCase("vocab_size", "70000", "'type' is 'uint16'; expected 'uint32'")]
    [TestCase("sha256", "null", "'sha256' is missing; expected a string")]
    [TestCase("documents", "\"two\"", "'documents' is 'two'; expected an integer from 1")]
    public void Open_OfAWrongInfo_StatesValueAndExpectation(string key, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        var json = JsonNode.Parse(File.ReadAllText(folder[TokenDataset.InfoFile]))!;
        json[key] = JsonNode.Parse(value);
        File.WriteAllText(folder[TokenDataset.InfoFile], json.ToJsonString());
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"{expected} ({folder[TokenDataset.InfoFile]})."));
    }

    [TestCase(TokenDataset.InfoFile)]
    [TestCase(TokenDataset.TokensFile)]
    public void Open_WithoutAFile_NamesIt(string file)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        File.Delete(folder[file]);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(file));
    }

    private static void Write(string folder, int vocabSize, params int[][] documents)
    {
        using var writer = new TokenDatasetWriter(folder, vocabSize, Eos);
        foreach (var document in documents)
        {
            writer.Write(document);
            writer.EndDocument();
        }

        writer.Finish(["test"], 0);
    }
}
