using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Tests.Support;

/// <summary>Checkpoints of a few thousand random weights: every path of a family, in milliseconds.</summary>
internal static class TinyCheckpoint
{
    /// <summary>V: 20 ordinary ids; <c>&lt;pause&gt;</c> is id 20.</summary>
    public const int OrdinaryVocabSize = 20;

    /// <summary>One configuration for each structure a family can have.</summary>
    public static IReadOnlyDictionary<string, ModelConfig> Configs { get; } = new Dictionary<string, ModelConfig>
    {
        ["llama"] = Llama(tied: false),
        ["llama-tied"] = Llama(tied: true),
        ["mistral"] = Llama(tied: false) with { Family = ModelFamily.Mistral, NumKeyValueHeads = 1 },
        ["qwen2"] = Llama(tied: true) with { Family = ModelFamily.Qwen2, RopeTheta = 1000000 },
        ["qwen3"] = Llama(tied: false) with { Family = ModelFamily.Qwen3, HeadDim = 8 },
        ["gpt2"] = Gpt2(tied: true),
        ["gpt2-untied"] = Gpt2(tied: false) with { HiddenAct = Activation.Gelu },
        ["gpt_neox"] = GptNeox(isParallel: true),
        ["gpt_neox-sequential"] = GptNeox(isParallel: false) with { RotaryPct = 1, TieWordEmbeddings = true },
    };

    /// <summary>A configuration with heads that a target takes.</summary>
    /// <param name="name">One of <see cref="Configs"/>.</param>
    /// <param name="target">The target.</param>
    public static ModelConfig ConfigFor(string name, ExportTarget target)
    {
        var (config, multiple) = (Configs[name], Targets.Of(target).HeadDimMultiple);
        return config.HeadDim % multiple == 0 ? config : config with { HeadDim = multiple };
    }

    /// <summary>Changes one value of a weight in model.safetensors.</summary>
    /// <param name="folder">The checkpoint.</param>
    /// <param name="name">The weight.</param>
    /// <param name="index">The value's place, row-major.</param>
    /// <param name="value">What it becomes.</param>
    public static void Spoil(string folder, string name, int index, float value)
    {
        var file = Path.Combine(folder, FileNames.Weights);
        using var weights = SafetensorsFile.Open(file);
        using var stream = new FileStream(file, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
        stream.Position = weights.Find(name)!.Offset + (index * sizeof(float));
        stream.Write(BitConverter.GetBytes(value));
    }

    /// <summary>Writes config.json, generation_config.json and model.safetensors; no tokenizer and no reference.</summary>
    public static void Write(string folder, ModelConfig config, int seed = 1)
    {
        Directory.CreateDirectory(folder);
        ModelConfigJson.Write(config, Path.Combine(folder, FileNames.Config), eosTokenId: null);
        new GenerationConfig { MaxNewTokens = 8 }.Write(Path.Combine(folder, FileNames.GenerationConfig));
        var random = new Random(seed);
        var writer = new SafetensorsWriter();
        foreach (var (name, shape) in new WeightNames(config).All())
        {
            var isScale = shape.Count == 1 && name.EndsWith("weight", StringComparison.Ordinal);
            var values = new float[shape.Aggregate(1, (a, b) => a * b)];
            for (var i = 0; i < values.Length; i++)
            {
                values[i] = (isScale ? 1 : 0) + (0.5f * (random.NextSingle() - 0.5f));
            }

            writer.Add(name, [.. shape.Select(d => (long)d)], values);
        }

        writer.Save(Path.Combine(folder, FileNames.Weights));
    }

    private static ModelConfig Llama(bool tied) => new()
    {
        Family = ModelFamily.Llama,
        VocabSize = OrdinaryVocabSize + 1,
        HiddenSize = 16,
        NumHiddenLayers = 2,
        NumAttentionHeads = 4,
        NumKeyValueHeads = 2,
        HeadDim = 6,
        IntermediateSize = 24,
        MaxPositionEmbeddings = 96,
        HiddenAct = Activation.Silu,
        TieWordEmbeddings = tied,
        Pause = new PauseConfig { TokenId = OrdinaryVocabSize, Count = 4, Training = "PausePT_PauseFT" },
    };

    // Half of each head is turned, half is not.
    private static ModelConfig GptNeox(bool isParallel) => Gpt2(tied: false) with
    {
        Family = ModelFamily.GptNeox,
        HiddenAct = Activation.Gelu,
        RotaryPct = 0.5,
        UseParallelResidual = isParallel,
    };

    private static ModelConfig Gpt2(bool tied) => new()
    {
        Family = ModelFamily.Gpt2,
        VocabSize = OrdinaryVocabSize + 1,
        HiddenSize = 16,
        NumHiddenLayers = 2,
        NumAttentionHeads = 2,
        NumKeyValueHeads = 2,
        HeadDim = 8,
        IntermediateSize = 40,
        MaxPositionEmbeddings = 96,
        HiddenAct = Activation.GeluTanh,
        TieWordEmbeddings = tied,
        Pause = new PauseConfig { TokenId = OrdinaryVocabSize, Count = 4, Training = "PausePT_PauseFT" },
    };
}
