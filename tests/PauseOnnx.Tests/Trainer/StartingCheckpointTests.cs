using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;
using static TorchSharp.torch;

namespace PauseOnnx.Tests.Trainer;

public class StartingCheckpointTests
{
    // 12 letters and the end of text; the table is padded to 16 rows.
    private const int TokenCount = 13;
    private const int Rows = 16;

    private static IEnumerable<TestCaseData> Configs =>
        TinyCheckpoint.Configs.Select(c => new TestCaseData(c.Value with { VocabSize = Rows, Pause = null }).SetArgDisplayNames(c.Key));

    [TestCaseSource(nameof(Configs))]
    public void LoadModel_OfACheckpointWithoutPause_ChangesNoLogitOfOrdinaryText(ModelConfig config)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, config);
        using var start = new StartingCheckpoint(folder.Root);
        using var plain = Checkpoint.LoadModel(folder.Root);
        using var model = start.LoadModel(c => new LanguageModel(c), seed: 1);
        Assert.That(start.Config, Is.EqualTo(config with { VocabSize = Rows + 1, Pause = new PauseConfig { TokenId = Rows, Training = "StdPT" } }));
        Assert.That(Logits(model), Is.EqualTo(Logits(plain)));
        Assert.That(start.Sha256(), Is.EqualTo(Checkpoint.Sha256(folder.Root, config)));
    }

    [TestCaseSource(nameof(Configs))]
    public void LoadModel_OfACheckpointWithoutPause_AppendsARowBetweenTheTokens(ModelConfig config)
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, config);
        using var start = new StartingCheckpoint(folder.Root);
        using var model = start.LoadModel(c => new LanguageModel(c), seed: 1);
        var names = new WeightNames(start.Config);
        var (table, width) = (Values(model, names.Embedding), config.HiddenSize);
        for (var i = 0; i < width; i++)
        {
            var mean = Enumerable.Range(0, TokenCount).Average(row => table[(row * width) + i]);
            Assert.That(table[(Rows * width) + i], Is.EqualTo(mean).Within(0.01), "not of the padding; the rows spread by 0.14");
        }

        Assert.That(Values(model, names.Head)[(Rows * width)..], config.TieWordEmbeddings ? Has.Some.Not.Zero : Is.All.Zero);
    }

    [Test]
    public void TokenizerFolder_OfACheckpointWithoutPause_HasItAsTheLastRowUntilDisposal()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, TinyCheckpoint.Configs["qwen2"] with { VocabSize = Rows, Pause = null });
        var before = Directory.EnumerateFiles(folder.Root).ToDictionary(f => f, File.ReadAllBytes);
        var start = new StartingCheckpoint(folder.Root);
        var json = JsonNode.Parse(File.ReadAllText(Path.Combine(start.TokenizerFolder, FileNames.Tokenizer)))!;
        Assert.Multiple(() =>
        {
            Assert.That(start.IsPauseNew, Is.True);
            Assert.That(json["added_tokens"]!.AsArray().Single(t => t!["content"]!.GetValue<string>() == "<pause>")!["id"]!.GetValue<int>(), Is.EqualTo(Rows));
            Assert.That(json["model"]!["vocab"]!["<pause>"]!.GetValue<int>(), Is.EqualTo(Rows));
            Assert.That(Directory.EnumerateFiles(folder.Root).ToDictionary(f => f, File.ReadAllBytes), Is.EqualTo(before), "the checkpoint stays as it is");
        });
        start.Dispose();
        Assert.That(Directory.Exists(start.TokenizerFolder), Is.False);
    }

    [Test]
    public void LoadModel_OfACheckpointWithPause_IsTheCheckpointItself()
    {
        using var folder = new TemporaryFolder();
        var config = TinyCheckpoint.Configs["gpt2-untied"];
        TinyCheckpoint.Write(folder.Root, config);
        using var start = new StartingCheckpoint(folder.Root);
        using var expected = Checkpoint.LoadModel(folder.Root);
        using var model = start.LoadModel(c => new LanguageModel(c), seed: 1);
        Assert.That((start.Config, start.IsPauseNew, start.TokenizerFolder), Is.EqualTo((config, false, folder.Root)));
        Assert.That(Logits(model), Is.EqualTo(Logits(expected)));
    }

    [Test]
    public void Create_OfNoCheckpoint_SaysWhatIsExpected()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => new StartingCheckpoint(folder["nothing"]),
            Throws.TypeOf<FileNotFoundException>().With.Message.EqualTo($"'{folder["nothing/config.json"]}' is missing; expected a checkpoint folder in Hugging Face's layout."));
    }

    [Test]
    public void Create_WithMoreTokensThanRows_IsRefused()
    {
        using var folder = new TemporaryFolder();
        Write(folder.Root, TinyCheckpoint.Configs["llama"] with { VocabSize = 12, Pause = null });
        Assert.That(
            () => new StartingCheckpoint(folder.Root),
            Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"The tokenizer has 13 ids; expected at most vocab_size, 12, as each needs a row of the embedding table ({folder[FileNames.Tokenizer]})."));
    }

    [Test]
    public void Create_WithPauseInTheTokenizerOnly_SaysHowToMakeThemAgree()
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, TinyCheckpoint.Configs["llama"] with { Pause = null });
        TinyModels.WriteExamples(folder.Root);
        Assert.That(
            () => new StartingCheckpoint(folder.Root),
            Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("<pause> has id 13, but config.json has no 'pause_token_id'; expected both or neither: add \"pause_token_id\": 13 there"));
    }

    // From a checkpoint of the hub's kind to an exported model, through the command lines.
    [TestCase("qwen3", "pretrain", "PausePT")]
    [TestCase("gpt_neox", "finetune", "StdPT_PauseFT")]
    [NonParallelizable]
    public async Task TrainAndExport_OfACheckpointWithoutPause_Work(string family, string verb, string training)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["hub"]);
        Write(folder["hub"], TinyCheckpoint.Configs[family] with { VocabSize = Rows, Pause = null });
        var trained = await CommandRun.OfAsync(
            PauseOnnx.Trainer.Program.Main, [verb, "--recipe", "tiny", "--data", folder["hub"], "--checkpoint", folder["hub"], "--out", folder["out"], "--steps", "2"]);
        Assert.That(trained.ExitCode, Is.Zero, trained.Errors);
        Assert.That(trained.Output, Does.Contain($"the checkpoint has no <pause>; it gets one, of id {Rows}"));
        var config = ModelConfigJson.Read(Path.Combine(folder["out"], FileNames.Config));
        Assert.That((config.VocabSize, config.Pause!.TokenId, config.Pause.Training), Is.EqualTo((Rows + 1, Rows, training)));
        Assert.That(Tokenizer.Load(folder["out"]).PauseId, Is.EqualTo(Rows));
        var exported = await CommandRun.OfAsync(PauseOnnx.Cli.Program.Main, ["export", folder["out"], "--out", folder["model"]]);
        Assert.That(exported.ExitCode, Is.Zero, exported.Errors);
    }

    private static void Write(string folder, ModelConfig config)
    {
        TinyCheckpoint.Write(folder, config);
        TinyModels.WriteExamples(folder);
        TokenizerTests.Edit(folder, TokenizerJsonTests.RemovePause);
    }

    private static float[] Values(LanguageModel model, string name) => model.Parameters[name].data<float>().ToArray();

    private static float[] Logits(LanguageModel model)
    {
        using var scope = NewDisposeScope();
        using var gradients = no_grad();
        return model.LogitsAt(model.Forward(tensor(new long[] { 3, 1, 4, 1, 5 }, [1, 5])), arange(5)).data<float>().ToArray();
    }
}
