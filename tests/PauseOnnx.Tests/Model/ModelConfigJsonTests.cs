using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class ModelConfigJsonTests
{
    private static IEnumerable<TestCaseData> Configs() =>
        TinyCheckpoint.Configs.Select(c => new TestCaseData(c.Value).SetArgDisplayNames(c.Key));

    private static TestCaseData Fault(string family, string key, string value, string expected) =>
        new TestCaseData(family, key, value, expected).SetArgDisplayNames($"{family} {key} {value}");

    private static IEnumerable<TestCaseData> Faults()
    {
        yield return Fault("llama", "model_type", "\"bert\"", "'model_type' is 'bert'; expected 'llama' or 'mistral' or 'qwen2' or 'qwen3' or 'gpt2' or 'gpt_neox'");
        yield return Fault("llama", "model_type", "null", "'model_type' is missing; expected 'llama' or 'mistral' or 'qwen2' or 'qwen3' or 'gpt2' or 'gpt_neox'");
        yield return Fault("llama", "hidden_size", "null", "'hidden_size' is missing; expected an integer from 1");
        yield return Fault("llama", "hidden_size", "0", "'hidden_size' is 0; expected an integer from 1");
        yield return Fault("llama", "hidden_size", "1e3000", "'hidden_size' is 1e3000; expected an integer from 1");
        yield return Fault("llama", "hidden_size", "16.5", "'hidden_size' is 16.5; expected an integer from 1");
        yield return Fault("llama", "vocab_size", "\"21\"", "'vocab_size' is '21'; expected an integer from 1");
        yield return Fault("llama", "vocab_size", "1", "'vocab_size' is 1; expected at least one ordinary token");
        yield return Fault("llama", "num_key_value_heads", "3", "'num_key_value_heads' is 3; expected a divisor of num_attention_heads, 4");
        yield return Fault("llama", "head_dim", "5", "'head_dim' is 5; expected an even number");
        yield return Fault("llama", "hidden_act", "\"relu\"", "'hidden_act' is 'relu'; expected 'silu'");
        yield return Fault("llama", "rms_norm_eps", "-1", "'rms_norm_eps' is -1; expected a number from 0");
        yield return Fault("llama", "rms_norm_eps", "1e999", "'rms_norm_eps' is 1e999; expected a number from 0");
        yield return Fault("llama", "rope_theta", "\"x\"", "'rope_theta' is 'x'; expected a number from 1");
        yield return Fault("llama", "rope_scaling", "{\"rope_type\": \"yarn\"}", "'rope_scaling' is {'rope_type':'yarn'}; expected null");
        yield return Fault("llama", "rope_parameters", "{\"rope_type\": \"llama3\"}", "'rope_parameters.rope_type' is 'llama3'; expected 'default'");
        yield return Fault("llama", "attention_bias", "true", "'attention_bias' is true; expected false");
        yield return Fault("llama", "mlp_bias", "true", "'mlp_bias' is true; expected false");
        yield return Fault("llama", "tie_word_embeddings", "1", "'tie_word_embeddings' is 1; expected true or false");
        yield return Fault("llama", "pause_token_id", "3", "'pause_token_id' is 3; expected vocab_size - 1 = 20, the last embedding row");
        yield return Fault("llama", "pause_token_id", "null", "'pause_count' is 4 but 'pause_token_id' is missing; expected both or neither");
        yield return Fault("llama", "pause_count", "-1", "'pause_count' is -1; expected an integer from 0");
        yield return Fault("llama", "pause_count", "96", "'pause_count' is 96; expected fewer than the 96 positions of the model");
        yield return Fault("llama", "pause_training", "\"Pause\"", "'pause_training' is 'Pause'; expected 'untrained' or 'StdPT'");
        yield return Fault("llama", "quantization_config", "{\"bits\": 4}", "'quantization_config' is {'bits':4}; expected weights that are not quantized");
        yield return Fault("llama", "rope_parameters", "{\"partial_rotary_factor\": 0.5}", "'rope_parameters.partial_rotary_factor' is 0.5; expected a number from 1");
        yield return Fault("mistral", "sliding_window", "64", "'sliding_window' is 64, but max_position_embeddings is 96; expected no window, or sequences that fit into it: lower max_position_embeddings to 64");
        yield return Fault("mistral", "rope_scaling", "{\"type\": \"linear\"}", "'rope_scaling' is {'type':'linear'}; expected null");
        yield return Fault("qwen2", "rope_scaling", "{\"type\": \"yarn\"}", "'rope_scaling' is {'type':'yarn'}; expected null");
        yield return Fault("qwen2", "num_attention_heads", "0", "'num_attention_heads' is 0; expected an integer from 1");
        yield return Fault("qwen3", "attention_bias", "true", "'attention_bias' is true; expected false for the qwen3 family");
        yield return Fault("gpt_neox", "attention_bias", "false", "'attention_bias' is false; expected true for the gpt_neox family");
        yield return Fault("gpt_neox", "num_attention_heads", "3", "'hidden_size' is 16; expected a multiple of num_attention_heads, 3");
        yield return Fault("gpt_neox", "rotary_pct", "0.4", "'rotary_pct' turns 3 of a head's 8 elements; expected an even number from 2");
        yield return Fault("gpt_neox", "rotary_pct", "0", "'rotary_pct' turns 0 of a head's 8 elements; expected an even number from 2");
        yield return Fault("gpt_neox", "rotary_pct", "2", "'rotary_pct' is 2; expected a number from 0 to 1");
        yield return Fault("gpt_neox", "rope_scaling", "{\"type\": \"linear\"}", "'rope_scaling' is {'type':'linear'}; expected null");
        yield return Fault("gpt2", "n_head", "3", "'n_embd' is 16; expected a multiple of n_head, 3");
        yield return Fault("gpt2", "n_layer", "\"two\"", "'n_layer' is 'two'; expected an integer from 1");
        yield return Fault("gpt2", "activation_function", "\"relu\"", "'activation_function' is 'relu'");
        yield return Fault("gpt2", "scale_attn_by_inverse_layer_idx", "true", "Attention is scaled otherwise");
    }

    [TestCaseSource(nameof(Configs))]
    public void Read_OfWhatWasWritten_GivesTheSame(ModelConfig config)
    {
        using var folder = new TemporaryFolder();
        ModelConfigJson.Write(config, folder["config.json"], eosTokenId: 3, new JsonObject { ["transformers.js_config"] = new JsonObject { ["a"] = 1 } });
        Assert.Multiple(() =>
        {
            Assert.That(ModelConfigJson.Read(folder["config.json"]), Is.EqualTo(config));
            Assert.That(File.ReadAllText(folder["config.json"]), Does.Contain("\"eos_token_id\": 3").And.Contain("transformers.js_config"));
        });
    }

    [TestCaseSource(nameof(Configs))]
    public void Read_WithoutPause_HasAsManyOrdinaryIds(ModelConfig config)
    {
        using var folder = new TemporaryFolder();
        var plain = config with { Pause = null };
        ModelConfigJson.Write(plain, folder["config.json"], eosTokenId: null);
        Assert.That(ModelConfigJson.Read(folder["config.json"]), Is.EqualTo(plain).And.Property(nameof(ModelConfig.OrdinaryVocabSize)).EqualTo(21));
    }

    [TestCaseSource(nameof(Faults))]
    public void Read_OfAFault_StatesValueAndExpectation(string family, string key, string value, string expected)
    {
        using var folder = new TemporaryFolder();
        WriteEdited(folder["config.json"], family, (key, value));
        Assert.That(() => ModelConfigJson.Read(folder["config.json"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains(expected).And.Message.EndsWith($"({folder["config.json"]})."));
    }

    [Test]
    public void Read_OfSeveralFaults_ListsThemAllInOneMessage()
    {
        using var folder = new TemporaryFolder();
        WriteEdited(folder["config.json"], "llama", ("hidden_size", "null"), ("hidden_act", "\"relu\""), ("mlp_bias", "true"));
        var error = Assert.Throws<ModelFormatException>(() => ModelConfigJson.Read(folder["config.json"]))!;
        Assert.That(error.Message, Does.Contain("'hidden_size' is missing").And.Contain("'hidden_act' is 'relu'").And.Contain("'mlp_bias' is true"));
    }

    [Test]
    public void Read_OfRopeAsTransformers5WritesIt_TakesItsTheta()
    {
        using var folder = new TemporaryFolder();
        WriteEdited(folder["config.json"], "llama", ("rope_theta", "null"), ("rope_parameters", "{\"rope_theta\": 500000.0, \"rope_type\": \"default\"}"));
        Assert.That(ModelConfigJson.Read(folder["config.json"]).RopeTheta, Is.EqualTo(500000));
    }

    [Test]
    public void Read_OfDefaultsLeftOut_TakesHuggingFaces()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], """{"model_type": "llama", "vocab_size": 9, "hidden_size": 8, "num_attention_heads": 2, "num_hidden_layers": 1, "intermediate_size": 3, "rope_scaling": {"rope_type": "default"}}""");
        var config = ModelConfigJson.Read(folder["config.json"]);
        Assert.That(
            (config.NumKeyValueHeads, config.HeadDim, config.MaxPositionEmbeddings, config.HiddenAct, config.NormEps, config.RopeTheta, config.TieWordEmbeddings, config.Pause),
            Is.EqualTo((2, 4, 2048, Activation.Silu, 1e-6, 10000d, false, (PauseConfig?)null)));
    }

    [TestCase("mistral", 8, 4, 131072, 10000, 1)]
    [TestCase("qwen2", 32, 4, 32768, 10000, 1)]
    [TestCase("qwen3", 32, 128, 32768, 10000, 1)]
    [TestCase("gpt_neox", 64, 4, 2048, 10000, 0.25)]
    public void Read_OfDefaultsLeftOut_TakesThoseOfItsFamily(string family, int keyValueHeads, int headDim, int positions, double theta, double rotaryPct)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], $$"""{"model_type": "{{family}}", "vocab_size": 9, "hidden_size": 256, "num_attention_heads": 64, "num_hidden_layers": 1, "intermediate_size": 3, "sliding_window": null}""");
        var faults = new List<string>();
        var config = ModelConfigJson.Read(new JsonFields(JsonFields.ParseObject(folder["config.json"]), "", faults), faults);
        Assert.That(
            (config.NumKeyValueHeads, config.HeadDim, config.MaxPositionEmbeddings, config.RopeTheta, config.RotaryPct, config.UseParallelResidual, config.TieWordEmbeddings),
            Is.EqualTo((keyValueHeads, headDim, positions, theta, rotaryPct, family == "gpt_neox", false)));
    }

    [TestCase("mistral", "sliding_window", "96")]
    [TestCase("mistral", "sliding_window", "null")]
    [TestCase("qwen2", "sliding_window", "8")]
    [TestCase("qwen3", "use_sliding_window", "true")]
    public void Read_OfAWindowThatHidesNothing_IsAllowed(string family, string key, string value)
    {
        using var folder = new TemporaryFolder();
        WriteEdited(folder["config.json"], family, (key, value));
        Assert.That(ModelConfigJson.Read(folder["config.json"]), Is.EqualTo(TinyCheckpoint.Configs[family]));
    }

    [TestCase(1, false)]
    [TestCase(2, true)]
    public void Read_OfAWindowFromALayerOn_IsRefusedWhereTheModelHasThatLayer(int firstWithWindow, bool isAllowed)
    {
        using var folder = new TemporaryFolder();
        WriteEdited(folder["config.json"], "qwen2", ("use_sliding_window", "true"), ("sliding_window", "8"), ("max_window_layers", $"{firstWithWindow}"));
        Assert.That(
            () => ModelConfigJson.Read(folder["config.json"]),
            isAllowed ? Throws.Nothing : Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("'sliding_window' is 8, but max_position_embeddings is 96"));
    }

    [Test]
    public void Read_OfGptNeoxAsTransformers5WritesIt_TakesItsRope()
    {
        using var folder = new TemporaryFolder();
        WriteEdited(folder["config.json"], "gpt_neox", ("rotary_pct", "null"), ("rope_parameters", "{\"rope_theta\": 500.0, \"partial_rotary_factor\": 0.75}"));
        var config = ModelConfigJson.Read(folder["config.json"]);
        Assert.That((config.RopeTheta, config.RotaryPct, config.RotaryDim), Is.EqualTo((500d, 0.75, 6)));
    }

    [TestCase("")]
    [TestCase("[1]")]
    [TestCase("{\"model_type\": \"llama\",")]
    [TestCase("{\"\\ud800\": 1}")]
    public void Read_OfSomethingElse_ExpectsAJsonObject(string content)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["config.json"], content);
        Assert.That(() => ModelConfigJson.Read(folder["config.json"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains("expected a JSON object"));
    }

    private static void WriteEdited(string file, string family, params (string Key, string Value)[] edits)
    {
        ModelConfigJson.Write(TinyCheckpoint.Configs[family], file, eosTokenId: null);
        var text = File.ReadAllText(file);
        var json = JsonNode.Parse(text)!.AsObject();
        foreach (var (key, value) in edits)
        {
            json[key] = JsonNode.Parse(value);
        }

        File.WriteAllText(file, json.ToJsonString());
    }
}
