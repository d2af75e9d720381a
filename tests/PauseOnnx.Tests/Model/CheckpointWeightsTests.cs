using System.Security.Cryptography;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class CheckpointWeightsTests
{
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama-tied"];

    private static IEnumerable<TestCaseData> Configs() =>
        TinyCheckpoint.Configs.Select(c => new TestCaseData(c.Value).SetArgDisplayNames(c.Key));

    [TestCaseSource(nameof(Configs))]
    public void Open_OfACheckpoint_HasEveryWeightInItsShape(ModelConfig config)
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, config);
        using var weights = CheckpointWeights.Open(folder.Root, config);
        Assert.Multiple(() =>
        {
            foreach (var (name, shape) in new WeightNames(config).All())
            {
                Assert.That(weights[name].Entry.Shape, Is.EqualTo(shape), name);
                Assert.That(weights.ReadFloats(name), Has.Length.EqualTo(shape.Aggregate(1, (a, b) => a * b)), name);
            }
        });
    }

    [Test]
    public void Open_OfWrongWeights_ListsEachFault()
    {
        using var folder = new TemporaryFolder();
        Write(folder[FileNames.Weights], (name, shape) => name switch
        {
            "model.norm.weight" => null,
            "model.layers.0.self_attn.q_proj.weight" => (SafetensorsType.F32, [16, 24]),
            "model.layers.1.mlp.up_proj.weight" => (SafetensorsType.I32, shape),
            _ => (SafetensorsType.F32, shape),
        });
        Assert.That(() => CheckpointWeights.Open(folder.Root, Config), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo(
            "Weight 'model.layers.0.self_attn.q_proj.weight' is [16, 24]; expected [24, 16]; "
            + "Weight 'model.layers.1.mlp.up_proj.weight' is I32; expected F32, F16 or BF16; "
            + $"Weight 'model.norm.weight' is missing; expected [16] ({folder.Root})."));
    }

    [TestCaseSource(typeof(GoldenCheckpoint), nameof(GoldenCheckpoint.Cases))]
    public void Open_OfACheckpointAsTheHubHasIt_FindsEveryWeight(string family)
    {
        var golden = GoldenCheckpoint.Read(family);
        var config = ModelConfigJson.Read(Path.Combine(golden.Folder, FileNames.Config));
        using var weights = CheckpointWeights.Open(golden.Folder, config);
        Assert.That(new WeightNames(config).All().Select(w => weights[w.Name].Entry.Shape), Is.EqualTo(new WeightNames(config).All().Select(w => w.Shape)));
    }

    [TestCase("llama", "gpt2-untied", "The weights are named as those of llama; expected gpt2, which config.json says they are")]
    [TestCase("gpt2", "gpt_neox", "The weights are named as those of gpt2; expected gpt_neox")]
    [TestCase("gpt_neox", "qwen3", "The weights are named as those of gpt_neox; expected qwen3")]
    [TestCase("qwen2", "llama-tied", "Weight 'model.layers.0.self_attn.k_proj.bias' is unknown; expected only those of llama with 2 layers; Weight 'model.layers.0.self_attn.q_proj.bias' is unknown")]
    [TestCase("llama-tied", "qwen2", "Weight 'model.layers.0.self_attn.q_proj.bias' is missing; expected [24]; Weight 'model.layers.0.self_attn.k_proj.bias' is missing; expected [12]")]
    public void Open_OfAnotherFamily_IsRefused(string written, string read, string expected)
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, TinyCheckpoint.Configs[written]);
        Assert.That(
            () => CheckpointWeights.Open(folder.Root, TinyCheckpoint.Configs[read]),
            Throws.TypeOf<ModelFormatException>().With.Message.StartsWith(expected).And.Message.EndsWith($"({folder.Root})."));
    }

    [Test]
    public void Open_WithFewerLayersThanTheWeightsHave_IsRefused()
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, Config);
        Assert.That(
            () => CheckpointWeights.Open(folder.Root, Config with { NumHiddenLayers = 1 }),
            Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("Weight 'model.layers.1.input_layernorm.weight' is unknown; expected only those of llama with 1 layers"));
    }

    [Test]
    public void Open_WithAConfigOfTwoBillionLayers_StopsAfterTwentyFaults()
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, Config);
        Assert.That(
            () => CheckpointWeights.Open(folder.Root, Config with { NumHiddenLayers = int.MaxValue }),
            Throws.TypeOf<ModelFormatException>().With.Message.Contains("model.layers.2.").And.Message.Contains("; and more ("));
    }

    [Test]
    public void Open_WithoutWeights_SaysWhatIsExpected()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => CheckpointWeights.Open(folder.Root, Config), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("expected a checkpoint folder in Hugging Face's layout"));
    }

    [Test]
    public void Open_OfShards_FindsWeightsInEither()
    {
        using var folder = new TemporaryFolder();
        WriteShards(folder);
        WriteIndex(folder, """{"weight_map": {"a": "one.safetensors", "b": "two.safetensors", "c": "one.safetensors"}}""");
        using var weights = CheckpointWeights.Open(folder.Root, Config);
        Assert.Multiple(() =>
        {
            Assert.That(weights[new WeightNames(Config).Embedding].File.Path, Is.EqualTo(folder["one.safetensors"]));
            Assert.That(weights["model.norm.weight"].File.Path, Is.EqualTo(folder["two.safetensors"]));
        });
    }

    [Test]
    public void Sha256_OfOtherWeights_IsAnother()
    {
        using var folder = new TemporaryFolder();
        string Hash(string name, int seed)
        {
            TinyCheckpoint.Write(folder[name], Config, seed);
            using var weights = CheckpointWeights.Open(folder[name], Config);
            return weights.Sha256();
        }

        var first = Hash("first", 1);
        Assert.That((Hash("same", 1) == first, Hash("other", 2) == first, first.Length), Is.EqualTo((true, false, 64)));
    }

    [Test]
    public void Sha256_OfShards_IsThatOfTheirBytesInOrder()
    {
        using var folder = new TemporaryFolder();
        WriteShards(folder);
        WriteIndex(folder, """{"weight_map": {"a": "two.safetensors", "b": "one.safetensors"}}""");
        using var weights = CheckpointWeights.Open(folder.Root, Config);
        byte[] bytes = [.. File.ReadAllBytes(folder["one.safetensors"]), .. File.ReadAllBytes(folder["two.safetensors"])];
        Assert.That(weights.Sha256(), Is.EqualTo(Convert.ToHexStringLower(SHA256.HashData(bytes))));
    }

    [Test]
    public void Sha256_Cancelled_Stops()
    {
        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder.Root, Config);
        using var weights = CheckpointWeights.Open(folder.Root, Config);
        Assert.That(() => weights.Sha256(new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
    }

    [TestCase("""{"weight_map": {"a": "../one.safetensors"}}""", "'weight_map' names '../one.safetensors'; expected files of the same folder")]
    [TestCase("""{"weight_map": {"a": "/etc/passwd"}}""", "'weight_map' names '/etc/passwd'")]
    [TestCase("""{"weight_map": {"a": ".."}}""", "'weight_map' names '..'")]
    [TestCase("""{"weight_map": {"a": ""}}""", "'weight_map' names ''")]
    [TestCase("""{"weight_map": ["one.safetensors"]}""", "'weight_map' is not an object of file names")]
    [TestCase("""{"weight_map": {"a": 1}}""", "'weight_map' is not an object of file names")]
    [TestCase("""{}""", "'weight_map' is not an object of file names")]
    [TestCase("""{"weight_map": {}}""", "Weight 'model.embed_tokens.weight' is missing")]
    [TestCase("""{"weight_map": {"a": "one.safetensors"}}""", "Weight 'model.norm.weight' is missing")]
    [TestCase("""{"weight_map": {"a": "one.safetensors", "b": "copy.safetensors"}}""", "Weight 'model.embed_tokens.weight' is in two shards; expected one")]
    public void Open_OfALyingIndex_IsRefused(string index, string expected)
    {
        using var folder = new TemporaryFolder();
        WriteShards(folder);
        File.Copy(folder["one.safetensors"], folder["copy.safetensors"]);
        WriteIndex(folder, index);
        Assert.That(() => CheckpointWeights.Open(folder.Root, Config), Throws.TypeOf<ModelFormatException>().With.Message.Contains(expected));
    }

    [Test]
    public void Open_OfAnIndexWithAMissingShard_NamesIt()
    {
        using var folder = new TemporaryFolder();
        WriteIndex(folder, """{"weight_map": {"a": "gone.safetensors"}}""");
        Assert.That(() => CheckpointWeights.Open(folder.Root, Config), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("gone.safetensors"));
    }

    private static void WriteIndex(TemporaryFolder folder, string json) => File.WriteAllText(folder[FileNames.WeightsIndex], json);

    private static void WriteShards(TemporaryFolder folder)
    {
        static bool IsInTwo(string name) => name == "model.norm.weight";
        Write(folder["one.safetensors"], (name, shape) => IsInTwo(name) ? null : (SafetensorsType.F32, shape));
        Write(folder["two.safetensors"], (name, shape) => IsInTwo(name) ? (SafetensorsType.F32, shape) : null);
    }

    private static void Write(string file, Func<string, IReadOnlyList<int>, (SafetensorsType, IReadOnlyList<int>)?> describe)
    {
        var writer = new SafetensorsWriter();
        foreach (var (name, shape) in new WeightNames(Config).All())
        {
            if (describe(name, shape) is var (type, actual))
            {
                var size = actual.Aggregate(SafetensorsEntry.SizeOf(type), (a, b) => a * b);
                writer.Add(name, type, [.. actual.Select(d => (long)d)], s => s.Write(new byte[size]));
            }
        }

        writer.Save(file);
    }
}
