using NUnit.Framework;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer.Data;

[NonParallelizable]
public class PrepareCommandTests
{
    private const string Verse = "The quick brown fox's 12 cubs jump over <pause> the lazy dog; naïve 漢字 😀.\n";

    [Test]
    public async Task Prepare_OfAFolder_WritesTokensThatDecodeToItsText()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        var (code, _, output) = await Run("prepare", folder["text"], "--out", folder["data"], "--vocab-size", "300");
        using var dataset = TokenDataset.Open(folder["data"]);
        var tokenizer = Tokenizer.Load(folder["data"]);
        var tokens = new int[dataset.Count];
        dataset.Read(0, tokens);
        var firstEnd = Array.IndexOf(tokens, tokenizer.EosId!.Value);
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(CommandHost.Success));
            Assert.That((tokenizer.VocabSize, dataset.VocabSize), Is.EqualTo((300, 300)));
            Assert.That(tokenizer.Decode(tokens[..firstEnd]), Is.EqualTo(File.ReadAllText(folder["text/a.txt"])));
            Assert.That(tokenizer.Decode(tokens[firstEnd..]), Is.EqualTo(File.ReadAllText(folder["text/sub/b.txt"])));
            Assert.That(tokens.Count(t => t == tokenizer.EosId), Is.EqualTo(2));
            Assert.That(tokens, Has.None.EqualTo(tokenizer.PauseId), "a corpus holds no pauses, even if it spells them");
            Assert.That(output, Does.Contain("2 files").And.Contain("files skipped: 1 binary").And.Contain("in 2 documents"));
        });
    }

    [Test]
    public async Task Prepare_Twice_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        await Run("prepare", folder["text"], "--out", folder["one"]);
        await Run("prepare", folder["text"], "--out", folder["two"]);
        var names = Directory.GetFiles(folder["one"]).Select(f => Path.GetFileName(f)).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(names, Is.EquivalentTo(new[] { "tokens-00000.bin", "tokens.json", "tokenizer.json", "tokenizer_config.json" }));
            foreach (var name in names)
            {
                Assert.That(File.ReadAllBytes(folder[$"two/{name}"]), Is.EqualTo(File.ReadAllBytes(folder[$"one/{name}"])), name);
            }
        });
    }

    [Test]
    public async Task Prepare_OfLittleText_SaysThatTheVocabularyIsSmaller()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        var (code, _, output) = await Run("prepare", folder["text"], "--out", folder["data"], "--vocab-size", "5000");
        var size = Tokenizer.Load(folder["data"]).VocabSize;
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(CommandHost.Success));
            Assert.That(size, Is.LessThan(1000));
            Assert.That(output, Does.Contain($"The text has no more pairs that occur twice: {size} tokens instead of 5000."));
        });
    }

    [Test]
    public async Task Prepare_WithATokenizer_UsesItAndAddsPause()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        await Run("prepare", folder["text"], "--out", folder["first"], "--vocab-size", "280");
        TokenizerFiles.Write(folder["first"], [.. Enumerable.Range(0, 256).Select(b => ByteLevelAlphabet.ToSymbol((byte)b).ToString())], []);
        Model.TokenizerTests.Edit(folder["first"], Model.TokenizerJsonTests.RemovePause);
        var (code, _, _) = await Run("prepare", folder["text"], "--out", folder["second"], "--tokenizer", folder["first"]);
        using var dataset = TokenDataset.Open(folder["second"]);
        Assert.That((code, dataset.VocabSize, Tokenizer.Load(folder["second"]).PauseId), Is.EqualTo((CommandHost.Success, 258, 257)));
    }

    [Test]
    public async Task Prepare_WithATokenizerOfFewCharacters_NamesTheUnknownOneAndItsFile()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        Directory.CreateDirectory(folder["digits"]);
        TokenizerFiles.Write(folder["digits"], [.. "0123456789".Select(c => c.ToString())], []);
        var (code, error, _) = await Run("prepare", folder["text"], "--out", folder["data"], "--tokenizer", folder["digits"]);
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(CommandHost.Failure));
            Assert.That(error, Is.EqualTo($"error: Character 'T' (U+0054) at index 0 is not in the tokenizer's vocabulary; it knows 0123456789 ({folder["text/a.txt"]})."));
            Assert.That(Directory.Exists(folder["data"]), Is.False);
        });
    }

    [Test]
    public async Task Prepare_OfNoOrTooLittleText_SaysHowMuchItNeeds()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["empty"]);
        var (code, error, _) = await Run("prepare", folder["empty"], "--out", folder["data"]);
        File.WriteAllText(folder["empty/few.txt"], "few");
        File.WriteAllBytes(folder["empty/bin"], [0]);
        var (littleCode, littleError, _) = await Run("prepare", folder["empty"], "--out", folder["data"]);
        Assert.Multiple(() =>
        {
            Assert.That((code, littleCode), Is.EqualTo((CommandHost.Failure, CommandHost.Failure)));
            Assert.That(error, Is.EqualTo($"error: No text found in '{folder["empty"]}'; expected at least 1000 bytes of text (0 files, 0 bytes; files skipped: none)."));
            Assert.That(littleError, Is.EqualTo($"error: Too little text in '{folder["empty"]}': 3 bytes; expected at least 1000 (1 files, 3 bytes; files skipped: 1 binary)."));
            Assert.That(Directory.Exists(folder["data"]), Is.False);
        });
    }

    [Test]
    public async Task Prepare_ThatFails_LeavesTheEarlierDataWhole()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        await Run("prepare", folder["text"], "--out", folder["data"]);
        var before = File.ReadAllBytes(folder["data/tokens-00000.bin"]);
        var (code, error, _) = await Run("prepare", folder["none"], "--out", folder["data"]);
        Assert.Multiple(() =>
        {
            Assert.That((code, error), Is.EqualTo((CommandHost.Failure, $"error: '{folder["none"]}' does not exist; expected a file, a folder, or a pattern such as 'data/**/*.jsonl.gz' in quotes.")));
            Assert.That(File.ReadAllBytes(folder["data/tokens-00000.bin"]), Is.EqualTo(before));
            Assert.That(Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName), Is.EquivalentTo(new[] { "text", "data" }));
        });
    }

    [Test]
    public void Run_WhenCancelled_LeavesTheEarlierDataWhole()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        var preparation = new DataPreparation { Paths = [folder["text"]], Output = folder["data"] };
        Silently(() => preparation.Run(CancellationToken.None));
        var before = File.ReadAllBytes(folder["data/tokens-00000.bin"]);
        Assert.Multiple(() =>
        {
            Assert.That(() => Silently(() => preparation.Run(new CancellationToken(canceled: true))), Throws.InstanceOf<OperationCanceledException>());
            Assert.That(File.ReadAllBytes(folder["data/tokens-00000.bin"]), Is.EqualTo(before));
            Assert.That(Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName), Is.EquivalentTo(new[] { "text", "data" }));
        });
    }

    [TestCase("prepare x", "Option '--out' is required")]
    [TestCase("prepare --out y", "Required argument 'PATH' missing for command: 'prepare'")]
    [TestCase("prepare x --out y --vocab-size 257", "--vocab-size is 257; expected at least 258: the 256 bytes and two special tokens.")]
    [TestCase("prepare x --out y --vocab-size many", "Cannot parse argument 'many' for option '--vocab-size'")]
    [TestCase("prepare x --out y --vocab-size 300 --tokenizer z", "--vocab-size and --tokenizer are both given; expected one")]
    public async Task Prepare_OfWrongArguments_SaysWhatIsExpected(string arguments, string expected)
    {
        var (code, error, _) = await Run(arguments.Split(' '));
        Assert.Multiple(() =>
        {
            Assert.That(code, Is.EqualTo(CommandHost.Failure));
            Assert.That(error, Does.StartWith("error: ").And.Contain(expected));
        });
    }

    [Test]
    public async Task Prepare_IntoAFolderOfSomethingElse_IsRefused()
    {
        using var folder = new TemporaryFolder();
        WriteCorpus(folder);
        var (code, error, _) = await Run("prepare", folder["text"], "--out", folder["text"]);
        Assert.Multiple(() =>
        {
            Assert.That((code, error), Is.EqualTo((CommandHost.Failure, $"error: '{folder["text"]}' holds files but no tokens.json, so it is not an earlier result and is not replaced; choose another folder.")));
            Assert.That(File.Exists(folder["text/a.txt"]), Is.True);
        });
    }

    [TestCase(1_000, 512)]
    [TestCase(500_000, 1953)]
    [TestCase(5_000_000, 4096)]
    public void DefaultVocabSize_GrowsWithTheText(long bytes, int expected) =>
        Assert.That(DataPreparation.DefaultVocabSizeFor(bytes), Is.EqualTo(expected));

    private static void WriteCorpus(TemporaryFolder folder)
    {
        Directory.CreateDirectory(folder["text/sub"]);
        File.WriteAllText(folder["text/a.txt"], string.Concat(Enumerable.Repeat(Verse, 20)));
        File.WriteAllText(folder["text/sub/b.txt"], "Another document. " + Verse);
        File.WriteAllBytes(folder["text/c.bin"], [1, 0, 2]);
    }

    private static void Silently(Action action)
    {
        var output = Console.Out;
        Console.SetOut(TextWriter.Null);
        try
        {
            action();
        }
        finally
        {
            Console.SetOut(output);
        }
    }

    private static async Task<(int Code, string Error, string Output)> Run(params string[] arguments)
    {
        var run = await CommandRun.OfAsync(PauseOnnx.Trainer.Program.Main, arguments);
        return (run.ExitCode, run.Errors.Trim(), run.Output);
    }
}
