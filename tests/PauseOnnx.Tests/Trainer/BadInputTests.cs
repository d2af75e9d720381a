using NUnit.Framework;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

/// <summary>What people do give <c>pauseonnx-train</c> by mistake: one clear line each, before anything is written.</summary>
[NonParallelizable]
public class BadInputTests
{
    private readonly TemporaryFolder _shared = new();

    private string Pretrained => _shared["pretrained"];

    [OneTimeSetUp]
    public async Task Pretrain()
    {
        TinyModels.WriteExamples(_shared["examples"]);
        TinyModels.WriteTokens(_shared["text"]);
        var run = await Run("pretrain", "--recipe", "tiny", "--data", _shared["examples"], "--out", Pretrained, "--steps", "1");
        Assert.That(run.ExitCode, Is.Zero, run.Errors);
    }

    [OneTimeTearDown]
    public void Delete() => _shared.Dispose();

    [Test]
    public async Task Prepare_BrokenGzip_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var random = new Random(1);
        Data.SourceFiles.WriteJsonLines(folder["c4.json.gz"], Enumerable.Range(0, 500).Select(_ => $"{random.NextInt64()}"));
        var bytes = await File.ReadAllBytesAsync(folder["c4.json.gz"]);
        await File.WriteAllBytesAsync(folder["c4.json.gz"], bytes[..^100]);
        await Refuse(folder, ["prepare", folder["c4.json.gz"]], "damaged or cut off; expected whole gzip data", "c4.json.gz");
    }

    [Test]
    public async Task Prepare_JsonWithoutTheField_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["x.jsonl"], "{\"body\": \"some text\"}\n");
        await Refuse(folder, ["prepare", folder["x.jsonl"]], "'text' is missing; expected a string: name another field with --text-field", "x.jsonl, line 1");
    }

    [Test]
    public async Task Pretrain_ShardWithAWrongChecksum_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        var shard = Path.Combine(TinyModels.WriteTokens(folder["data"]), "tokens-00000.bin");
        var bytes = await File.ReadAllBytesAsync(shard);
        bytes[0] ^= 1;
        await File.WriteAllBytesAsync(shard, bytes);
        await Refuse(folder, ["pretrain", "--recipe", "tiny", "--data", folder["data"]], "The SHA-256 is", "changed or is damaged", shard);
    }

    [TestCase("bert", "'model_type' is 'bert'; expected 'llama' or 'mistral' or")]
    [TestCase("gpt2", "The weights are named as those of llama; expected gpt2, which config.json says they are")]
    [TestCase("qwen3", "'model.layers.0.self_attn.q_norm.weight' is missing")]
    public async Task Finetune_CheckpointOfAnotherFamily_IsOneLine(string family, string expected)
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["model"]);
        foreach (var file in Directory.GetFiles(Pretrained))
        {
            File.Copy(file, Path.Combine(folder["model"], Path.GetFileName(file)));
        }

        var config = Path.Combine(folder["model"], FileNames.Config);
        await File.WriteAllTextAsync(config, (await File.ReadAllTextAsync(config)).Replace("\"model_type\": \"llama\"", $"\"model_type\": \"{family}\"", StringComparison.Ordinal));
        await Refuse(folder, ["finetune", "--recipe", "tiny", "--data", _shared["examples"], "--checkpoint", folder["model"]], expected, folder["model"]);
    }

    [Test]
    public async Task Pretrain_TextOfAnotherVocabulary_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["data"]);
        TokenizerFiles.Write(folder["data"], ["a", "b"], []);
        using (var writer = new TokenDatasetWriter(folder["data"], vocabSize: 4, eosId: 2))
        {
            writer.Write([0, 1, 0, 1]);
            writer.EndDocument();
            writer.Finish(["letters"], 4);
        }

        await Refuse(folder, ["pretrain", "--recipe", "tiny", "--data", folder["data"], "--checkpoint", Pretrained],
            "The tokens are of a tokenizer with 4 ids; expected 14, as the model has", folder["data"]);
    }

    [Test]
    public async Task Finetune_TargetOfLengthZero_IsOneLine()
    {
        using var folder = new TemporaryFolder();
        await File.WriteAllTextAsync(folder["q.jsonl"], "{\"prefix\": \"a\", \"target\": \"b\"}\n{\"prefix\": \"a\", \"target\": \"\"}\n");
        await Refuse(folder, ["finetune", "--recipe", "tiny", "--data", folder["q.jsonl"], "--checkpoint", Pretrained],
            "'target' is empty; expected the answer", "q.jsonl, line 2");
    }

    [TestCase("examples", "100", "'pause_count' is 100; expected fewer than the 64 positions of the model (--m-ft or --pause-count)")]
    [TestCase("examples", "0..100", "tokens, pauses included; expected at most 56, the recipe's sequence_length")]
    [TestCase("text", "0..60", "There are up to 60 pauses; expected at most 54")]
    public async Task Finetune_MorePausesThanTheContext_IsOneLine(string data, string range, string expected)
    {
        using var folder = new TemporaryFolder();
        await Refuse(folder, ["finetune", "--recipe", "tiny", "--data", _shared[data], "--checkpoint", Pretrained, "--m-ft", range], expected);
    }

    private static async Task Refuse(TemporaryFolder folder, string[] arguments, params string[] expected)
    {
        var run = await Run([.. arguments, "--out", folder["out"]]);
        Assert.Multiple(() =>
        {
            Assert.That(run.ExitCode, Is.EqualTo(CommandHost.Failure));
            Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: ").And.Not.Contain("\n"));
            foreach (var text in expected)
            {
                Assert.That(run.Errors, Does.Contain(text));
            }

            Assert.That(Directory.EnumerateFileSystemEntries(folder.Root, "*out*"), Is.Empty);
        });
    }

    private static Task<CommandRun> Run(params string[] arguments) => CommandRun.OfAsync(PauseOnnx.Trainer.Program.Main, arguments);
}
