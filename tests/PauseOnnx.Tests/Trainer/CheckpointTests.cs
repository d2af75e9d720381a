using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

public class CheckpointTests
{
    private static readonly TrainingState State = new()
    {
        Stage = "pretrain",
        Recipe = "tiny",
        Settings = "some",
        Inputs = "data 0",
        Step = 4,
        Steps = 8,
        Seed = 7,
        Loss = 1.5,
    };

    // 13 ordinary ids of the data's tokenizer, and <pause>.
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"] with
    {
        VocabSize = 14,
        Pause = new PauseConfig { TokenId = 13, Count = 3, Training = "PausePT_PauseFT" },
    };

    [Test]
    public void Save_Folder_HasHuggingFacesFilesAndTheTrainersState()
    {
        using var folder = new TemporaryFolder();
        SaveTrained(folder, steps: 2);
        string[] expected =
        [
            "config.json", "generation_config.json", "model.safetensors", "reference.safetensors", "tokenizer.json",
            "tokenizer_config.json", "trainer/optimizer.safetensors", "trainer/state.json",
        ];
        var found = Directory.EnumerateFiles(folder["checkpoint"], "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(folder["checkpoint"], f));
        Assert.That(found.Order(StringComparer.Ordinal), Is.EqualTo(expected));
    }

    [Test]
    public void Save_Files_SayWhatTheModelIs()
    {
        using var folder = new TemporaryFolder();
        SaveTrained(folder, steps: 2);
        var checkpoint = folder["checkpoint"];
        Assert.That(ModelConfigJson.Read(Path.Combine(checkpoint, FileNames.Config)), Is.EqualTo(Config));
        var generation = GenerationConfig.Read(Path.Combine(checkpoint, FileNames.GenerationConfig));
        Assert.That((generation.MaxNewTokens, generation.EosTokenIds.Single(), generation.PadTokenId), Is.EqualTo((5, 12, 12)));
        Assert.That(Checkpoint.FindState(checkpoint), Is.EqualTo(State));
        Assert.That(Tokenizer.Load(checkpoint).VocabSize, Is.EqualTo(14));
        using var weights = SafetensorsFile.Open(Path.Combine(checkpoint, FileNames.Weights));
        Assert.That(weights.Header.Metadata["format"], Is.EqualTo("pt"), "what transformers asks for");
        var references = ReferenceFile.Read(Path.Combine(checkpoint, FileNames.Reference), Config);
        Assert.That(references.Select(r => r.Name), Is.EqualTo(["single.m0", "padded.m0", "single.m3", "padded.m3", "single.m4", "padded.m4", "single.m25", "padded.m25"]));
    }

    [Test]
    public void LoadModel_SavedCheckpoint_HasTheSameWeights()
    {
        using var folder = new TemporaryFolder();
        var weights = SaveTrained(folder, steps: 2);
        using var loaded = Checkpoint.LoadModel(folder["checkpoint"]);
        Assert.That(loaded.Parameters.Values.ToArray(), Is.EqualTo(weights));
    }

    [Test]
    public void Resume_AfterSomeSteps_EqualsTheUninterruptedRunBitForBit()
    {
        using var folder = new TemporaryFolder();
        var uninterrupted = SaveTrained(folder, steps: 8);
        SaveTrained(folder, steps: 4);
        using var model = new LanguageModel(Config);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        Checkpoint.Resume(folder["checkpoint"], model, optimizer);
        Assert.That(optimizer.StepCount, Is.EqualTo(4));
        TinyModels.Train(model, optimizer, TinyModels.Run(8), Rows);
        Assert.That(model.Parameters.Values.ToArray(), Is.EqualTo(uninterrupted));
    }

    [Test]
    public void Save_IntoAForeignFolder_IsRefusedAndLeavesIt()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["checkpoint"]);
        File.WriteAllText(Path.Combine(folder["checkpoint"], "thesis.txt"), "mine");
        Assert.That(() => SaveTrained(folder, steps: 1), Throws.TypeOf<IOException>().With.Message.Contains("trainer/state.json"));
        Assert.That(Directory.EnumerateFileSystemEntries(folder["checkpoint"]).Select(Path.GetFileName), Is.EqualTo(["thesis.txt"]));
    }

    [Test]
    public void Save_OverItsOwnTokenizerFolder_ReplacesTheCheckpoint()
    {
        using var folder = new TemporaryFolder();
        SaveTrained(folder, steps: 1);
        using var model = Checkpoint.LoadModel(folder["checkpoint"]);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        Checkpoint.Save(folder["checkpoint"], model, optimizer, folder["checkpoint"], new GenerationConfig(), State with { Step = 8 });
        Assert.That(Checkpoint.FindState(folder["checkpoint"])!.IsPartial, Is.False);
        Assert.That(Tokenizer.Load(folder["checkpoint"]).PauseId, Is.EqualTo(13));
    }

    [TestCase("config.json", "hidden_size")]
    [TestCase("model.safetensors", "truncated")]
    [TestCase("trainer/optimizer.safetensors", "truncated")]
    [TestCase("trainer/state.json", "'stage' is missing")]
    public void Resume_DamagedFile_IsNamed(string file, string expected)
    {
        using var folder = new TemporaryFolder();
        SaveTrained(folder, steps: 1);
        var path = Path.Combine(folder["checkpoint"], file);
        File.WriteAllText(path, file.EndsWith("json", StringComparison.Ordinal) ? "{ \"model_type\": \"llama\" }" : "short");
        void Load()
        {
            using var model = Checkpoint.LoadModel(folder["checkpoint"]);
            using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
            Checkpoint.Resume(folder["checkpoint"], model, optimizer);
        }

        Assert.That(Load, Throws.TypeOf<ModelFormatException>().With.Message.Contains(expected).And.Message.Contains(file));
    }

    [Test]
    public void Resume_MomentsOfAnotherModel_AreNamed()
    {
        using var folder = new TemporaryFolder();
        SaveTrained(folder, steps: 1);
        new SafetensorsWriter().Add("first_moment.model.embed_tokens.weight", [2], [1f, 2f])
            .Save(Path.Combine(folder["checkpoint"], "trainer/optimizer.safetensors"));
        using var model = Checkpoint.LoadModel(folder["checkpoint"]);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        Assert.That(
            () => Checkpoint.Resume(folder["checkpoint"], model, optimizer),
            Throws.TypeOf<ModelFormatException>().With.Message.Contains("'first_moment.model.embed_tokens.weight' has 2 values; expected 224"));
    }

    private static IReadOnlyList<TrainingSequence> Rows(int step) =>
        [PauseInjection.Place(new TokenizedExample([1, 2, step % 7], [], [step % 5, 12]), new PausePlacement(2, 13))];

    // Trains from the same beginning, saves, and returns the weights.
    private static float[] SaveTrained(TemporaryFolder folder, int steps)
    {
        TinyModels.WriteExamples(folder["data"]);
        using var model = TinyModels.Create(Config);
        using var optimizer = new AdamW(model.Parameters, new AdamWOptions());
        TinyModels.Train(model, optimizer, TinyModels.Run(8), Rows, progress => progress.Step < steps);
        Checkpoint.Save(folder["checkpoint"], model, optimizer, folder["data"], new GenerationConfig { MaxNewTokens = 5 }, State with { Step = 4 });
        return model.Parameters.Values.ToArray();
    }
}
