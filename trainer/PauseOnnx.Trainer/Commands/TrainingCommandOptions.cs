using System.CommandLine;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Trainer;

/// <summary>The options that <c>pretrain</c> and <c>finetune</c> share.</summary>
internal sealed class TrainingCommandOptions
{
    public Option<string> Recipe { get; } = new("--recipe")
    {
        Description = $"Model and training settings: {string.Join(", ", RecipeFile.Shipped)}, or a JSON file like those.",
        Required = true,
    };

    public Option<string> Output { get; } = new("--out") { Description = "Checkpoint folder to write.", Required = true };

    public Option<int?> Steps { get; } = Positive("--steps", "Steps to train, instead of the recipe's.");

    public Option<int?> Seed { get; } =
        new Option<int?>("--seed") { Description = "Seed of weights and data order, instead of the recipe's." }.AtLeast(0);

    public Option<int?> Threads { get; } = Positive("--threads", "Threads inside an operation. Default: one a core, for a very small model one in all.");

    public Option<bool> Resume { get; } = new("--resume") { Description = "Go on with the unfinished run in --out; the other options must be the same." };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[] { Recipe, Output, Steps, Seed, Threads, Resume })
        {
            command.Options.Add(option);
        }
    }

    /// <summary>The run that a command line asks for.</summary>
    /// <param name="parsed">The command line.</param>
    /// <param name="recipe">Its recipe.</param>
    /// <param name="stage"><c>pretrain</c> or <c>finetune</c>.</param>
    /// <param name="options">The stage's options, and their common part.</param>
    /// <param name="tokenizerFolder">Folder with the tokenizer's files.</param>
    public TrainingRun CreateRun(ParseResult parsed, Trainer.Recipe recipe, string stage, (object Stage, RunOptions Run) options, string tokenizerFolder) => new()
    {
        Stage = stage,
        Recipe = recipe,
        Options = options,
        TokenizerFolder = tokenizerFolder,
        Output = parsed.GetRequiredValue(Output),
        Resume = parsed.GetValue(Resume),
    };

    /// <summary>The recipe's settings with those of the command line in their place.</summary>
    public RunOptions Apply(ParseResult parsed, RunOptions run) =>
        run with { Steps = parsed.GetValue(Steps) ?? run.Steps, Seed = parsed.GetValue(Seed) ?? run.Seed };

    private static Option<int?> Positive(string name, string description) => new Option<int?>(name) { Description = description }.Positive();
}
