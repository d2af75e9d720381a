using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Quality;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Exporter.Quality;

public class QualityDataTests
{
    private const int Eos = 19;
    private TemporaryFolder _folder = null!;
    private string _checkpoint = null!;

    [SetUp]
    public void WriteCheckpoint()
    {
        _folder = new TemporaryFolder();
        _checkpoint = TinyExport.WriteCheckpoint(_folder.Root, TinyCheckpoint.Configs["llama"], 4);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCase("data")]
    [TestCase("data/heldout.jsonl")]
    public void Read_OfExamples_TakesTheFirst_WithTheEndOfText(string path)
    {
        Directory.CreateDirectory(_folder["data"]);
        ExampleFile.Write(_folder["data/heldout.jsonl"], [new("12=", "34", "5"), new("a", "", "bc"), new("6", "", "7")]);

        var data = Read(path, samples: 2);

        Assert.That((data.Path, data.IsText), Is.EqualTo((_folder[path], false)));
        Assert.That(data.Examples.Select(e => e.Prefix), Is.EqualTo(new int[][] { [1, 2, 10], [11] }));
        Assert.That(data.Examples.Select(e => e.Target), Is.EqualTo(new int[][] { [5, Eos], [12, 13, Eos] }));
    }

    // 96 positions less 4 pauses leave windows of 92 tokens.
    [TestCase(92 * 5, 3, new[] { 0, 184, 368 })]
    [TestCase((92 * 3) - 1, 9, new[] { 0, 183 })]
    [TestCase(91, 9, new[] { 0 })]
    public void Read_OfText_SpreadsWindowsEvenlyOverIt(int length, int samples, int[] starts)
    {
        var ids = Enumerable.Range(0, length).Select(i => i * i / 7 % 10).ToArray();
        File.WriteAllText(_folder["text.txt"], string.Concat(ids));
        var window = Math.Min(92, length);

        var data = Read("text.txt", samples);

        Assert.That(data.IsText);
        Assert.That(data.Examples.Select(e => (int[])[.. e.Prefix, .. e.Target]), Is.EqualTo(starts.Select(s => ids[s..(s + window)])));
        Assert.That(data.Examples.Select(e => e.Prefix.Length), Is.All.EqualTo(window / 2));
    }

    [Test]
    public void Read_OfALongText_TakesNoMoreThanItsBeginning()
    {
        File.WriteAllText(_folder["text.txt"], new string('1', 8 * 128) + new string('é', 1_000_000));

        Assert.That(Read("text.txt", samples: 1).Examples[0].Target, Is.All.EqualTo(1));
    }

    [Test]
    public void Read_OfPreparedText_TakesWhatIsHeldOut()
    {
        WriteTokens(heldOut: [3, 1, 4, 1, 5]);

        var data = Read("tokens", samples: 9);

        Assert.That(data.IsText);
        Assert.That(data.Examples.Select(e => (e.Prefix, e.Target)), Is.EqualTo(new[] { (new[] { 3, 1, 4 }, new[] { 1, 5, Eos }) }));
    }

    [Test]
    public void Read_OfPreparedTextWithoutHeldOut_SaysHowToHoldSomeOut()
    {
        WriteTokens(heldOut: null);
        Assert.That(() => Read("tokens"), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"No text is held out; expected some: prepare it with `pauseonnx-train prepare --held-out 0.01`, or measure by a text file ({_folder["tokens"]})."));
    }

    [Test]
    public void Read_OfAnotherTokenizersText_IsRefused()
    {
        WriteTokens(heldOut: [3, 1], vocabSize: 30);
        Assert.That(() => Read("tokens"), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("The tokens are of a tokenizer with 30 ids; expected 21"));
    }

    [TestCase("nowhere", "There is no data at ")]
    [TestCase("nowhere.jsonl", "There is no data at ")]
    [TestCase("checkpoint", "There is no data at ")]
    public void Read_OfNoData_SaysWhatThereCouldBe(string path, string expected)
    {
        Assert.That(() => Read(path), Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo(
            $"{expected}'{_folder[path]}'; expected a folder with heldout.jsonl or tokens.json, a .jsonl file of examples, or a text file."));
    }

    [TestCase("a.jsonl", "", "There is no example; expected at least one line ({0}).")]
    [TestCase("a.jsonl", "{\"prefix\": \"1\"}", "'target' is missing; expected a string ({0}, line 1).")]
    [TestCase("a.jsonl", "{\"prefix\": \"\", \"target\": \"1\"}", "Example 1 has 0 tokens of prefix and 2 of target; expected at least one of each ({0}).")]
    [TestCase("a.jsonl", "{\"prefix\": \"1<pause>\", \"target\": \"1\"}", "Example 1 has id 20; expected 0 to 19, those that the model can foretell: its tokenizer is another model's, or the text has <pause> written in it ({0}).")]
    [TestCase("a.txt", "", "The text has 0 tokens; expected at least 2, one to give and one to foretell ({0}).")]
    [TestCase("a.txt", "1", "The text has 1 tokens; expected at least 2, one to give and one to foretell ({0}).")]
    public void Read_OfBadData_NamesTheFaultAndTheFile(string name, string content, string expected)
    {
        File.WriteAllText(_folder[name], content);
        Assert.That(() => Read(name), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(string.Format(null, expected, _folder[name])));
    }

    [TestCase("a.jsonl", "{\"prefix\": \"1\", \"target\": \"x\"}")]
    [TestCase("a.txt", "123x")]
    public void Read_OfACharacterThatTheTokenizerLacks_NamesItAndTheFile(string name, string content)
    {
        File.WriteAllText(_folder[name], content);
        Assert.That(() => Read(name), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("Character 'x'").And.Message.EndsWith($"({_folder[name]})."));
    }

    [Test]
    public void Read_OfTextThatIsNotUtf8_IsRefused()
    {
        File.WriteAllBytes(_folder["a.txt"], [0x31, 0xff, 0x32]);
        Assert.That(() => Read("a.txt"), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            $"The text is not UTF-8; expected a text file in UTF-8, or a .jsonl file of examples ({_folder["a.txt"]})."));
    }

    [TestCase(null, 92, "the model has no more positions")]
    [TestCase(50, 46, "give a larger --max-length")]
    public void Read_OfAnExampleThatFillsThePositions_IsRefusedOneTokenLater(int? maxLength, int room, string remedy)
    {
        // The target is one digit and the end of text.
        Write(room - 2);
        Assert.That(() => Read("long.jsonl", maxLength: maxLength), Throws.Nothing);

        Write(room - 1);
        Assert.That(() => Read("long.jsonl", maxLength: maxLength), Throws.ArgumentException.With.Message.EqualTo(
            $"Example 1 has {room + 5} tokens with 4 pauses; expected at most {room + 4}: {remedy} ({_folder["long.jsonl"]})."));

        void Write(int prefix) => ExampleFile.Write(_folder["long.jsonl"], [new(new string('1', prefix), "", "2")]);
    }

    [Test]
    public void Read_ForACheckpointWithoutTokenizer_IsRefused()
    {
        File.WriteAllText(_folder["a.txt"], "123");
        File.Delete(Path.Combine(_checkpoint, FileNames.Tokenizer));
        Assert.That(() => Read("a.txt"), Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo(
            $"'{_checkpoint}' has no tokenizer.json; expected the model's tokenizer there, to measure quality by a text: add it, or export without measuring."));
    }

    [Test]
    public void Read_OfNoSamples_IsRefused()
    {
        Assert.That(() => Read("a.txt", samples: 0), Throws.ArgumentException.With.Message.EqualTo("The number of samples is 0; expected at least 1."));
    }

    private QualityData Read(string path, int samples = 256, int? maxLength = null) => ExportPlan.Read(new ExportOptions
    {
        Checkpoint = _checkpoint,
        Output = _folder["model"],
        Quality = _folder[path],
        QualitySamples = samples,
        MaxLength = maxLength,
    }).Quality!;

    private void WriteTokens(int[]? heldOut, int vocabSize = 21)
    {
        Directory.CreateDirectory(_folder["tokens"]);
        using var writer = new TokenDatasetWriter(_folder["tokens"], vocabSize, Eos);
        writer.Write([1, 2, 3]);
        writer.EndDocument();
        if (heldOut is not null)
        {
            writer.StartDocument(isHeldOut: true);
            writer.Write(heldOut);
            writer.EndDocument();
        }

        writer.Finish(["test"], 0);
    }
}
