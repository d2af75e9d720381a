using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Model.Tokens;

public class TokenDatasetTests
{
    private const int Eos = 2;
    private const string Shard = "tokens-00000.bin";

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
            Assert.That(new FileInfo(folder[Shard]).Length, Is.EqualTo(6 * size));
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
        var bytes = File.ReadAllBytes(folder[Shard]);
        Array.Resize(ref bytes, length);
        File.WriteAllBytes(folder[Shard], bytes);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"The file has {length} bytes; expected 8 for 4 tokens of 2 bytes ({folder[Shard]})."));
    }

    [Test]
    public void Open_OfChangedTokens_NoticesByTheirChecksum()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        var bytes = File.ReadAllBytes(folder[Shard]);
        bytes[0] ^= 1;
        File.WriteAllBytes(folder[Shard], bytes);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("The SHA-256 is ").And.Message.Contains("changed or is damaged"));
    }

    [Test]
    public void Open_OfATokenOutsideTheVocabulary_NamesIt()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 200, 3]);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"Id 200 is among the tokens; expected 0 to 9 ({folder[Shard]})."));
    }

    [TestCase("version", "1", "'version' is 1; expected an integer from 2 to 2")]
    [TestCase("type", "\"uint32\"", "'type' is 'uint32'; expected 'uint16'")]
    [TestCase("vocab_size", "70000", "'type' is 'uint16'; expected 'uint32'")]
    [TestCase("shards", "[]", "'shards' is empty; expected at least one")]
    [TestCase("shards", "4", "'shards' is no list; expected the shards")]
    [TestCase("held_out", "null", "'held_out' is no list; expected the shards")]
    [TestCase("shards", "[4]", "'shards[0]' is no object; expected 'count', 'documents' and 'sha256'")]
    [TestCase("shards", "[{\"count\": 0, \"documents\": \"two\"}]", "'shards[0].count' is 0; expected an integer from 1; 'shards[0].documents' is 'two'; expected an integer from 0; 'shards[0].sha256' is missing; expected a string")]
    public void Open_OfAWrongInfo_StatesValueAndExpectation(string key, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        var json = JsonNode.Parse(File.ReadAllText(folder[TokenDataset.InfoFile]))!;
        json[key] = JsonNode.Parse(value);
        File.WriteAllText(folder[TokenDataset.InfoFile], json.ToJsonString());
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"{expected} ({folder[TokenDataset.InfoFile]})."));
    }

    [Test]
    public void Open_WithoutTheIndex_NamesIt()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<FileNotFoundException>().With.Message.Contains(TokenDataset.InfoFile));
    }

    [Test]
    public void Open_WithoutAShard_NamesIt()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1, 2, 3]);
        File.Delete(folder[Shard]);
        Assert.That(() => TokenDataset.Open(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"The shard is missing; expected 4 tokens, as tokens.json beside it says ({folder[Shard]})."));
    }

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(7)]
    [TestCase(1000)]
    public void Read_AcrossShards_GivesTheStreamWhateverTheirLength(int shardTokens)
    {
        using var folder = new TemporaryFolder();
        int[][] documents = [[.. Enumerable.Range(3, 20)], [4], [.. Enumerable.Range(5, 33)]];
        Write(folder.Root, 100, shardTokens, documents);
        int[] stream = [.. documents.SelectMany(d => (int[])[.. d, Eos])];
        using var dataset = TokenDataset.Open(folder.Root);
        Assert.Multiple(() =>
        {
            Assert.That(Directory.GetFiles(folder.Root, "tokens-*.bin"), Has.Length.EqualTo((stream.Length + shardTokens - 1) / shardTokens));
            for (var first = 0; first < stream.Length; first += 5)
            {
                for (var length = 0; length <= stream.Length - first; length += 3)
                {
                    var read = new int[length];
                    dataset.Read(first, read);
                    Assert.That(read, Is.EqualTo(stream.Skip(first).Take(length)));
                }
            }
        });
    }

    [Test]
    public void OpenHeldOut_OfDocumentsHeldOut_GivesThemAlone()
    {
        using var folder = new TemporaryFolder();
        using (var writer = new TokenDatasetWriter(folder.Root, 10, Eos))
        {
            for (var document = 3; document < 9; document++)
            {
                writer.StartDocument(isHeldOut: document % 3 == 0);
                writer.Write([document]);
                writer.EndDocument();
            }

            writer.Finish(["test"], 0);
        }

        using var training = TokenDataset.Open(folder.Root);
        using var heldOut = TokenDataset.OpenHeldOut(folder.Root);
        Assert.Multiple(() =>
        {
            Assert.That(ReadAll(training), Is.EqualTo(new[] { 4, Eos, 5, Eos, 7, Eos, 8, Eos }));
            Assert.That(ReadAll(heldOut!), Is.EqualTo(new[] { 3, Eos, 6, Eos }));
            Assert.That(heldOut!.Sha256, Is.Not.EqualTo(training.Sha256));
        });
    }

    [Test]
    public void OpenHeldOut_OfNone_IsNull()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, 10, [1]);
        Assert.That(TokenDataset.OpenHeldOut(folder.Root), Is.Null);
    }

    [Test]
    public void Sha256_OfOtherTokens_IsAnother()
    {
        using var folder = new TemporaryFolder();
        string[] hashes = [.. new[] { 3, 4, 3 }.Select(id =>
        {
            Write(folder.Root, 10, [id]);
            using var dataset = TokenDataset.Open(folder.Root);
            return dataset.Sha256;
        })];
        Assert.That((hashes[0] == hashes[1], hashes[0] == hashes[2]), Is.EqualTo((false, true)));
    }

    private static int[] ReadAll(TokenDataset dataset)
    {
        var tokens = new int[dataset.Count];
        dataset.Read(0, tokens);
        return tokens;
    }

    private static void Write(string folder, int vocabSize, params int[][] documents) => Write(folder, vocabSize, TokenDatasetWriter.DefaultShardTokens, documents);

    private static void Write(string folder, int vocabSize, int shardTokens, int[][] documents)
    {
        using var writer = new TokenDatasetWriter(folder, vocabSize, Eos, shardTokens);
        foreach (var document in documents)
        {
            writer.Write(document);
            writer.EndDocument();
        }

        writer.Finish(["test"], 0);
    }
}
