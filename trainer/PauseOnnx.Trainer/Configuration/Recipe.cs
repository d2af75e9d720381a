using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>All settings of a model and its training: one JSON file, read by <see cref="RecipeFile"/>.</summary>
public sealed record Recipe
{
    /// <summary>The name it ships under.</summary>
    public required string Name { get; init; }

    /// <summary>What it trains, for a person.</summary>
    public required string Description { get; init; }

    /// <summary>The model's shape, but for the vocabulary, which is the tokenizer's: see <see cref="CreateConfig"/>.</summary>
    public required ModelConfig Model { get; init; }

    /// <summary>How the weights are drawn.</summary>
    public required Initialization Initialization { get; init; }

    /// <summary>Pretraining.</summary>
    public required PretrainOptions Pretrain { get; init; }

    /// <summary>Finetuning.</summary>
    public required FinetuneOptions Finetune { get; init; }

    /// <summary>Measuring, stopping and saving, of both stages.</summary>
    public MonitorOptions Monitor { get; init; } = new();

    /// <summary>Defaults of generation, but for the tokenizer's ids.</summary>
    public required GenerationConfig Generation { get; init; }

    /// <summary>The shape of a model with the vocabulary of a tokenizer.</summary>
    /// <param name="tokenizer">Its last id must be <c>&lt;pause&gt;</c>.</param>
    /// <param name="training">The stage the model will have been through, one of <see cref="PauseConfig.Trainings"/>.</param>
    /// <exception cref="ModelFormatException">The tokenizer has no pause, or the shape has contradictions.</exception>
    public ModelConfig CreateConfig(Tokenizer tokenizer, string training)
    {
        var pause = tokenizer.PauseId ?? throw new ModelFormatException("The tokenizer has no <pause>; expected it as the last id (tokenizer.json).");
        var config = Model with { VocabSize = tokenizer.VocabSize, Pause = new PauseConfig { TokenId = pause, Training = training } };
        ModelFormatException.ThrowIfAny(config.FindFaults(), $"recipe {Name}");
        return config;
    }
}
