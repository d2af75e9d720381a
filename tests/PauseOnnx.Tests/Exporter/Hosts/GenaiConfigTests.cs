using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Hosts;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Hosts;

/// <summary>What onnxruntime-genai would read, held against the names that its source has.</summary>
public class GenaiConfigTests
{
    private const int CacheLength = 64;
    private static readonly GenerationConfig Generation = new() { EosTokenIds = [7, 9], PadTokenId = 7, DoSample = true, Temperature = 0.7, TopK = 5, TopP = 0.9 };

    private static IEnumerable<string> Models() => TinyCheckpoint.Configs.Keys;

    [TestCaseSource(nameof(Models))]
    public void Text_OfEveryFamily_HasOnlyFieldsThatGenaiReads(string model)
    {
        foreach (var generation in new[] { Generation, new GenerationConfig() })
        {
            Assert.That(FindFaults(Write(TinyCheckpoint.Configs[model], generation)), Is.Empty);
        }
    }

    [TestCase("model.decoder.inputs.mask", "\"attention_mask\"", "model.decoder.inputs.mask is unknown")]
    [TestCase("model.decoder.num_heads", "4", "model.decoder.num_heads is unknown")]
    [TestCase("search.decoder", "{}", "search.decoder is unknown")]
    [TestCase("search.top_k", "\"5\"", "search.top_k is String; expected number")]
    [TestCase("model.eos_token_id", "[\"7\"]", "model.eos_token_id is Array; expected numbers")]
    [TestCase("model.pad_token_id", "null", "model.pad_token_id is Null; expected number")]
    public void Text_WithAnotherField_WouldBeFound(string path, string value, string fault)
    {
        var json = Write(TinyCheckpoint.Configs["llama"], Generation);
        var names = path.Split('.');
        var parent = names[..^1].Aggregate((JsonNode)json, (node, name) => node[name]!);
        parent[names[^1]] = JsonNode.Parse(value);
        Assert.That(FindFaults(json), Is.EqualTo([fault]));
    }

    [TestCaseSource(nameof(Models))]
    public void Text_OfEveryFamily_StatesTheGraph(string model)
    {
        var config = TinyCheckpoint.Configs[model];
        var decoder = Write(config, Generation)["model"]!["decoder"]!;
        Assert.Multiple(() =>
        {
            Assert.That((string?)decoder["filename"], Is.EqualTo("onnx/model_q4.onnx"));
            Assert.That((int?)decoder["num_hidden_layers"], Is.EqualTo(config.NumHiddenLayers));
            Assert.That((int?)decoder["num_attention_heads"], Is.EqualTo(config.NumAttentionHeads));
            Assert.That((int?)decoder["num_key_value_heads"], Is.EqualTo(config.NumKeyValueHeads));
            Assert.That((int?)decoder["head_size"], Is.EqualTo(config.HeadDim));
            Assert.That((int?)decoder["hidden_size"], Is.EqualTo(config.HiddenSize));
            Assert.That(Named(decoder["inputs"]!["past_key_names"]), Is.EqualTo(GraphNames.PastKey(12)));
            Assert.That(Named(decoder["inputs"]!["past_value_names"]), Is.EqualTo(GraphNames.PastValue(12)));
            Assert.That(Named(decoder["outputs"]!["present_key_names"]), Is.EqualTo(GraphNames.PresentKey(12)));
            Assert.That(Named(decoder["outputs"]!["present_value_names"]), Is.EqualTo(GraphNames.PresentValue(12)));
        });
    }

    [TestCase(0, 64)]
    [TestCase(10, 54)]
    [TestCase(63, 1)]
    public void Text_OfAnyPauseCount_LeavesThePausesTheirPositions(int pauses, int length)
    {
        var json = Write(WithPauses(pauses), Generation);
        Assert.Multiple(() =>
        {
            Assert.That((int?)json["model"]!["context_length"], Is.EqualTo(length));
            Assert.That((int?)json["search"]!["max_length"], Is.EqualTo(length));
        });
    }

    [Test]
    public void Text_WithNoPositionLeft_Throws() => Assert.That(
        () => Write(WithPauses(CacheLength), Generation),
        Throws.TypeOf<ExportException>().With.Message.EqualTo("Export failed in GenaiConfig: The cache has 64 positions, and 64 are for pauses; expected some for text: choose a longer cache or fewer pauses."));

    // The logits are as wide as the ordinary tokens are many, and no prompt ends with <pause>.
    [Test]
    public void Text_OfAModelWithPauses_CountsOrdinaryTokensAndPadsWithPauses()
    {
        var model = Write(TinyCheckpoint.Configs["llama"], Generation)["model"]!;
        Assert.Multiple(() =>
        {
            Assert.That((int?)model["vocab_size"], Is.EqualTo(TinyCheckpoint.OrdinaryVocabSize));
            Assert.That((int?)model["pad_token_id"], Is.EqualTo(TinyCheckpoint.OrdinaryVocabSize));
            Assert.That(model["eos_token_id"]!.AsArray().Select(id => (int)id!), Is.EqualTo([7, 9]));
        });
    }

    [Test]
    public void Text_OfAModelWithoutPauses_PadsAsTheCheckpointDoes()
    {
        var config = TinyCheckpoint.Configs["llama"] with { Pause = null };
        int? Pad(GenerationConfig generation) => (int?)Write(config, generation)["model"]!["pad_token_id"];
        Assert.That((Pad(Generation with { PadTokenId = 3 }), Pad(Generation with { PadTokenId = null }), Pad(new())), Is.EqualTo((3, 7, 0)));
    }

    [Test]
    public void Text_WithoutATokenThatEnds_LeavesItOut() =>
        Assert.That(Write(TinyCheckpoint.Configs["llama"], new())["model"]!.AsObject().ContainsKey("eos_token_id"), Is.False);

    [TestCase(5, 5)]
    [TestCase(0, 0)]
    [TestCase(50, TinyCheckpoint.OrdinaryVocabSize)]
    public void Text_OfAnyTopK_AsksForNoMoreThanThereAre(int topK, int expected)
    {
        var search = Write(TinyCheckpoint.Configs["llama"], Generation with { TopK = topK })["search"]!;
        Assert.Multiple(() =>
        {
            Assert.That((int?)search["top_k"], Is.EqualTo(expected));
            Assert.That((double?)search["top_p"], Is.EqualTo(0.9));
            Assert.That((double?)search["temperature"], Is.EqualTo(0.7));
            Assert.That((bool?)search["do_sample"], Is.True);
            Assert.That((bool?)search["past_present_share_buffer"], Is.True);
        });
    }

    private static ModelConfig WithPauses(int count)
    {
        var config = TinyCheckpoint.Configs["llama"];
        return config with { Pause = config.Pause! with { Count = count } };
    }

    private static JsonObject Write(ModelConfig config, GenerationConfig generation) =>
        JsonNode.Parse(GenaiConfig.Text(config, generation, GraphPrecisions.FileOf(GraphPrecision.BlockInt4), CacheLength))!.AsObject();

    // GenAI formats them with the layer, as C's printf does.
    private static string Named(JsonNode? template) => ((string?)template)!.Replace("%d", "12", StringComparison.Ordinal);

    private static List<string> FindFaults(JsonObject json)
    {
        var known = JsonNode.Parse(File.ReadAllText(Path.Combine(Repository.Root, "tests", "PauseOnnx.Tests", "Exporter", "Hosts", "genai-config-fields.json")))!;
        var faults = new List<string>();
        Compare(json, known["fields"]!.AsObject(), "", faults);
        return faults;
    }

    private static void Compare(JsonObject json, JsonObject known, string path, List<string> faults)
    {
        foreach (var (name, value) in json)
        {
            switch (known[name])
            {
                case null:
                    faults.Add($"{path}{name} is unknown");
                    break;
                case JsonObject nested when value is JsonObject found:
                    Compare(found, nested, $"{path}{name}.", faults);
                    break;
                case var kind when Kind(value) != kind.ToString():
                    faults.Add($"{path}{name} is {value?.GetValueKind() ?? JsonValueKind.Null}; expected {kind}");
                    break;
            }
        }
    }

    private static string Kind(JsonNode? value) => value?.GetValueKind() switch
    {
        JsonValueKind.String => "string",
        JsonValueKind.Number => "number",
        JsonValueKind.True or JsonValueKind.False => "boolean",
        JsonValueKind.Array when value.AsArray().All(v => v is JsonObject) => "objects",
        JsonValueKind.Array when value.AsArray().All(v => v?.GetValueKind() == JsonValueKind.Number) => "numbers",
        var other => $"{other}",
    };
}
