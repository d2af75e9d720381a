using NUnit.Framework;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer.Data;

[NonParallelizable]
public class DataPreparationTests
{
    [Test]
    public async Task Run_WithAnyNumberOfWorkers_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        await WriteCorpusAsync(folder, lines: 4000);
        foreach (var workers in (int[])[1, 2, 7])
        {
            Run(Preparation(folder, $"data{workers}") with { Workers = workers, HeldOut = 0.1, ShardTokens = 20_000 });
        }

        Assert.Multiple(() =>
        {
            AssertSameFiles(folder["data2"], folder["data1"]);
            AssertSameFiles(folder["data7"], folder["data1"]);
            Assert.That(Directory.GetFiles(folder["data1"], "tokens-*.bin"), Has.Length.GreaterThan(2));
        });
    }

    [Test]
    public async Task Run_OfEveryKindOfSource_WritesEachDocumentOnceTrainingOrHeldOut()
    {
        using var folder = new TemporaryFolder();
        var documents = await WriteCorpusAsync(folder, lines: 300);
        Run(Preparation(folder, "data") with { HeldOut = 0.2, VocabSize = 300, ShardTokens = 999 });
        var tokenizer = Tokenizer.Load(folder["data"]);
        using var training = TokenDataset.Open(folder["data"]);
        using var heldOut = TokenDataset.OpenHeldOut(folder["data"]);
        var (kept, held) = (Decode(training, tokenizer), Decode(heldOut!, tokenizer));
        Assert.Multiple(() =>
        {
            Assert.That(kept.Concat(held), Is.EquivalentTo(documents));
            Assert.That(kept, Is.EqualTo(documents.Except(held)), "in the order of the sources");
            Assert.That((double)held.Count / documents.Count, Is.EqualTo(0.2).Within(0.07));
        });
    }

    // The SHA-256 of abc begins with BA7816BF: .7284 of all hashes are below it.
    [TestCase(0.7283, false)]
    [TestCase(0.7285, true)]
    public void IsHeldOut_ByTheHash_TakesTheLowest(double fraction, bool expected) =>
        Assert.That(BatchEncoder.IsHeldOut("abc"u8, fraction), Is.EqualTo(expected));

    [Test]
    public void Run_OfEqualDocuments_HoldsOutAllOrNone()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder["text/a.jsonl"], Enumerable.Range(0, 1000).Select(i => $"Document {i % 100}."));
        Run(Preparation(folder, "data") with { HeldOut = 0.3 });
        var tokenizer = Tokenizer.Load(folder["data"]);
        using var training = TokenDataset.Open(folder["data"]);
        using var heldOut = TokenDataset.OpenHeldOut(folder["data"]);
        Assert.That(Decode(training, tokenizer).Intersect(Decode(heldOut!, tokenizer)), Is.Empty);
    }

    [TestCase(0.0, false)]
    [TestCase(0.5, true)]
    [TestCase(null, false)]
    public void Run_OfASmallCorpus_HoldsOutOnlyWhereAsked(double? fraction, bool expected)
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder["text/a.jsonl"], Enumerable.Range(0, 1000).Select(i => $"Document {i}."));
        Run(Preparation(folder, "data") with { HeldOut = fraction });
        using var heldOut = TokenDataset.OpenHeldOut(folder["data"]);
        Assert.That(heldOut is not null, Is.EqualTo(expected));
    }

    [Test]
    public void Run_OfEmptyDocuments_LeavesThemOut()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder["text/a.jsonl"], Enumerable.Range(0, 500).Select(i => i % 2 == 0 ? "" : $"Document {i}."));
        Run(Preparation(folder, "data"));
        Assert.That(TokenDatasetInfo.Read(folder["data/tokens.json"]).Shards.Single().Documents, Is.EqualTo(250));
    }

    [Test]
    public void Run_HoldingOutEverything_SaysSo()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.Write(folder["text/a.txt"], new string('a', 3000));
        Assert.Multiple(() =>
        {
            Assert.That(() => Run(Preparation(folder, "data") with { HeldOut = 0.999999 }), Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(
                $"All 1 documents of '{folder["text"]}' are held out; expected some to train on: give a smaller --held-out."));
            Assert.That(Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName), Is.EqualTo(new[] { "text" }));
        });
    }

    [Test]
    public async Task Prepare_KilledAgainAndAgain_GoesOnToTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        await WriteCorpusAsync(folder, lines: 60_000);
        var preparation = Preparation(folder, "expected") with { VocabSize = 300, HeldOut = 0.1, ShardTokens = 150_000 };
        Run(preparation);
        string[] command = ["prepare", folder["text"], "--out", folder["killed"], "--vocab-size", "300", "--held-out", "0.1", "--shard-tokens", "150000", "--save-seconds", "0"];
        var random = new Random(11);
        for (var kill = 0; kill < 4; kill++)
        {
            using var program = ProgramProcess.Start("pauseonnx-train", command);
            WaitForSave(folder[".killed.prepare/state.json"]);
            await Task.Delay(random.Next(60));
        }

        using var last = ProgramProcess.Start("pauseonnx-train", command);
        Assert.Multiple(() =>
        {
            Assert.That(last.WaitForExit(), Is.EqualTo(CommandHost.Success), last.Errors);
            Assert.That(last.Output, Does.Contain("Going on with an unfinished run: "));
            AssertSameFiles(folder["killed"], folder["expected"]);
            Assert.That(Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName), Is.EquivalentTo(new[] { "text", "expected", "killed" }));
        });
    }

    [Test]
    public async Task Prepare_Interrupted_LeavesTheEarlierDataAndSaysHowToGoOn()
    {
        using var folder = new TemporaryFolder();
        await WriteCorpusAsync(folder, lines: 10_000);
        SourceFiles.Write(folder["other.txt"], new string('a', 3000));
        Run(Preparation(folder, "data") with { Paths = [folder["other.txt"]] });
        var before = File.ReadAllBytes(folder["data/tokens-00000.bin"]);
        using var program = ProgramProcess.Start("pauseonnx-train", "prepare", folder["text"], "--out", folder["data"], "--vocab-size", "258", "--workers", "1");
        WaitForSave(folder[".data.prepare/state.json"]);
        program.Interrupt();
        Assert.Multiple(() =>
        {
            Assert.That(program.WaitForExit(), Is.EqualTo(CommandHost.Cancelled));
            Assert.That(program.Errors.Trim(), Is.EqualTo($"Stopped; '{folder["data"]}' is as it was. Run the same command again to go on."));
            Assert.That(File.ReadAllBytes(folder["data/tokens-00000.bin"]), Is.EqualTo(before));
        });
        var output = Run(Preparation(folder, "data") with { VocabSize = 259 });
        Assert.Multiple(() =>
        {
            Assert.That(output, Does.Contain("Starting anew: the sources or options are not those of the unfinished run."));
            Assert.That(Tokenizer.Load(folder["data"]).VocabSize, Is.EqualTo(259));
        });
    }

    [Test]
    public async Task Prepare_OntoAFullDisk_SaysSoAndGoesOnWhenThereIsRoom()
    {
        using var folder = new TemporaryFolder();
        await WriteCorpusAsync(folder, lines: 6000);
        string[] command = ["prepare", folder["text"], "--out", folder["data"], "--vocab-size", "300"];
        const string limit = "export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f 512";
        using var full = ProgramProcess.StartAfter(limit, "pauseonnx-train", command);
        Assert.That(full.WaitForExit(), Is.EqualTo(CommandHost.Failure));
        Assert.That(full.Errors.Trim(), Does.StartWith("error: ").And.Not.Contain("\n").And.Contain($"Cannot write '{folder[".data.prepare/data/tokens-00000.bin"]}': "));
        Assert.That(Directory.Exists(folder["data"]), Is.False);
        var output = Run(Preparation(folder, "data") with { VocabSize = 300 });
        Run(Preparation(folder, "expected") with { VocabSize = 300 });
        Assert.Multiple(() =>
        {
            Assert.That(output, Does.Contain("Going on with an unfinished run: "));
            AssertSameFiles(folder["data"], folder["expected"]);
        });
    }

    [Test]
    public void Run_WhereAnotherProcessPrepares_SaysSo()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.Write(folder["text/a.txt"], new string('a', 3000));
        using var other = new PreparationWork(folder["data"], "other");
        Assert.That(() => Run(Preparation(folder, "data")), Throws.TypeOf<IOException>().With.Message.StartsWith($"Another process prepares '{folder["data"]}'"));
    }

    [Test]
    public void Run_AfterAStateThatNobodyCanRead_StartsAnew()
    {
        using var folder = new TemporaryFolder();
        SourceFiles.Write(folder["text/a.txt"], new string('a', 3000));
        SourceFiles.Write(folder[".data.prepare/state.json"], "");
        Directory.CreateDirectory(folder[".data.prepare/data"]);
        Assert.That(Run(Preparation(folder, "data")), Does.Contain("Starting anew").And.Contain("Wrote"));
    }

    [TestCase("{\"body\": 1}", "'text' is missing; expected a string: name another field with --text-field")]
    [TestCase("no JSON", "Not valid JSON; expected an object with \"text\" on each line")]
    public void Run_OfABadLine_NamesItAndLeavesNothing(string line, string expected)
    {
        using var folder = new TemporaryFolder();
        SourceFiles.WriteJsonLines(folder["text/a.jsonl"], Enumerable.Range(0, 500).Select(i => $"Document {i}."));
        File.AppendAllText(folder["text/a.jsonl"], line);
        Assert.Multiple(() =>
        {
            Assert.That(() => Run(Preparation(folder, "data")), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"{expected} ({folder["text/a.jsonl"]}, line 501)."));
            Assert.That(Directory.EnumerateFileSystemEntries(folder.Root).Select(Path.GetFileName), Is.EqualTo(new[] { "text" }));
        });
    }

    private static DataPreparation Preparation(TemporaryFolder folder, string output) => new() { Paths = [folder["text"]], Output = folder[output] };

    private static string Run(DataPreparation preparation)
    {
        var output = Console.Out;
        using var writer = new StringWriter();
        try
        {
            Console.SetOut(writer);
            preparation.Run(CancellationToken.None);
            return writer.ToString();
        }
        finally
        {
            Console.SetOut(output);
        }
    }

    // Documents of every kind of source, in the order in which they are read; all different.
    private static async Task<List<string>> WriteCorpusAsync(TemporaryFolder folder, int lines)
    {
        var random = new Random(13);
        string Document(int i) => string.Join(' ', Enumerable.Range(0, random.Next(1, 40)).Select(_ => random.Next(400)).Prepend(i)) + ((string[])["\n", "", " é漢😀"])[i % 3];
        List<string>[] files = [.. Enumerable.Range(0, 4).Select(f => Enumerable.Range(0, lines / 4).Select(i => Document((f * lines) + i)).ToList())];
        SourceFiles.WriteJsonLines(folder["text/a.jsonl"], files[0]);
        SourceFiles.WriteJsonLines(folder["text/b.json.gz"], files[1]);
        SourceFiles.WriteJsonLines(folder["text/c.jsonl.zst"], files[2]);
        SourceFiles.Write(folder["text/d.md"], "# One document\n");
        await SourceFiles.WriteParquetAsync(folder["text/e.parquet"], [.. files[3]]);
        return [.. files[0], .. files[1], .. files[2], "# One document\n", .. files[3]];
    }

    private static List<string> Decode(TokenDataset dataset, Tokenizer tokenizer)
    {
        var tokens = new int[dataset.Count];
        dataset.Read(0, tokens);
        var documents = new List<string>();
        for (var start = 0; start < tokens.Length;)
        {
            var end = Array.IndexOf(tokens, tokenizer.EosId!.Value, start);
            documents.Add(tokenizer.Decode(tokens[start..end]));
            start = end + 1;
        }

        return documents;
    }

    private static void WaitForSave(string state)
    {
        var before = File.Exists(state) ? File.ReadAllText(state) : "";
        for (var i = 0; i < 3000 && (!File.Exists(state) || File.ReadAllText(state) == before); i++)
        {
            Thread.Sleep(10);
        }
    }

    private static void AssertSameFiles(string folder, string expected)
    {
        var names = Directory.GetFiles(expected).Select(f => Path.GetFileName(f)).ToArray();
        Assert.That(Directory.GetFiles(folder).Select(f => Path.GetFileName(f)), Is.EquivalentTo(names));
        foreach (var name in names)
        {
            Assert.That(File.ReadAllBytes(Path.Combine(folder, name)).AsSpan().SequenceEqual(File.ReadAllBytes(Path.Combine(expected, name))), Is.True, name);
        }
    }
}
