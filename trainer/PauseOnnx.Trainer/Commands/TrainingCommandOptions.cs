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

    public Option<string> Output { get; } = new("--out")
    {
        Description = "Checkpoint folder to write. Figures of the run go beside it, into a folder with '-log' behind the name.",
        Required = true,
    };

    public Option<int?> Steps { get; } = Positive("--steps", "Steps to train, instead of the recipe's.");

    public Option<int?> BatchSize { get; } = Positive("--batch-size", "Sequences a step, over all processes, instead of the recipe's.");

    public Option<int?> MicroBatchSize { get; } =
        Positive("--micro-batch", "Sequences that go through the model at once; a step adds up the gradients of as many as it takes. Less memory, the same result.");

    public Option<double?> LearningRate { get; } = new("--learning-rate") { Description = "Highest learning rate, instead of the recipe's." };

    public Option<int?> Seed { get; } =
        new Option<int?>("--seed") { Description = "Seed of weights, data order and pauses, instead of the recipe's." }.AtLeast(0);

    public Option<string?> Precision { get; } = new("--precision")
    {
        Description = "What the model computes with, instead of the recipe's: 'bf16', 'fp32', or 'auto' for bf16 where the processor or GPU is faster with it. Weights are kept and saved in float32 either way.",
    };

    public Option<bool> ActivationCheckpointing { get; } =
        new("--activation-checkpointing") { Description = "Compute layers again in backward instead of keeping their inner results: half the memory, 1.4 times the time." };

    public Option<int?> EvalEvery { get; } = Count("--eval-every", "Steps between two measurements of the held-out loss; 0 for none.");

    public Option<int?> EarlyStop { get; } =
        Count("--early-stop", "End after so many measurements in a row without a lower held-out loss, and keep the best checkpoint, which until then is beside --out with '-best' behind the name; 0 for never.");

    public Option<int?> SaveEvery { get; } = Count("--save-every", "Steps between two checkpoints, from which --resume goes on after a crash; 0 for one at the end only, or with --early-stop one a measurement.");

    public Option<TimeSpan?> TimeLimit { get; } = Parsed<TimeSpan?>(
        "--time-limit", "Stop and save after this time, such as 90s, 30m or 2h; --resume goes on.", "TIME", text => Trainer.TimeLimit.Parse(text));

    public Option<int?> Threads { get; } = Positive("--threads", "Threads inside an operation. Default: one a core, for a very small model one in all.");

    public Option<string> Device { get; } = new("--device")
    {
        Description = "Where to compute: 'cpu', 'cuda' for the GPU, or under a launcher one for each process, 'cuda:1' for GPU 1, or 'auto' for a GPU where there is one.",
        HelpName = "auto|cpu|cuda[:n]",
        DefaultValueFactory = _ => "auto",
    };

    public Option<bool> Resume { get; } =
        new("--resume") { Description = "Go on with the unfinished run in --out, as if it had never stopped; the other options, the data and the checkpoint must be the same." };

    /// <summary>The options.</summary>
    public TrainingCommandOptions()
    {
        Precision.AcceptOnlyFromAmong([.. RecipeFile.PrecisionNames.Keys]);
        Device.Validators.Add(result =>
        {
            if (result.Tokens is [var token] && ComputeDevice.FaultOf(token.Value) is { } fault)
            {
                result.AddError(fault);
            }
        });
        LearningRate.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.GetValue(LearningRate) is <= 0 or double.NaN)
            {
                result.AddError("--learning-rate must be above 0.");
            }
        });
    }

    /// <summary>An option whose text a parser of ours reads.</summary>
    public static Option<T> Parsed<T>(string name, string description, string helpName, Func<string, T> parse) => new(name)
    {
        Description = description,
        HelpName = helpName,
        CustomParser = result =>
        {
            try
            {
                return parse(result.Tokens[0].Value);
            }
            catch (FormatException e)
            {
                result.AddError($"{name}: {e.Message}");
                return default;
            }
        },
    };

    /// <summary>Adds the options to a command.</summary>
    public void AddTo(Command command)
    {
        foreach (var option in new Option[]
        {
            Recipe, Output, Steps, BatchSize, MicroBatchSize, LearningRate, Seed, Precision, ActivationCheckpointing, EvalEvery, EarlyStop, SaveEvery, TimeLimit, Device, Threads, Resume,
        })
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
    public TrainingRun CreateRun(ParseResult parsed, Recipe recipe, string stage, (object Stage, RunOptions Run) options, string tokenizerFolder) => new()
    {
        Stage = stage,
        Recipe = recipe,
        Options = options,
        Monitor = new MonitorOptions
        {
            EvalEvery = parsed.GetValue(EvalEvery) ?? recipe.Monitor.EvalEvery,
            EarlyStop = parsed.GetValue(EarlyStop) ?? recipe.Monitor.EarlyStop,
            SaveEvery = parsed.GetValue(SaveEvery) ?? recipe.Monitor.SaveEvery,
            TimeLimit = parsed.GetValue(TimeLimit),
        },
        TokenizerFolder = tokenizerFolder,
        Output = parsed.GetRequiredValue(Output),
        Resume = parsed.GetValue(Resume),
    };

    /// <summary>The recipe's settings with those of the command line in their place.</summary>
    public RunOptions Apply(ParseResult parsed, RunOptions run) => run with
    {
        Steps = parsed.GetValue(Steps) ?? run.Steps,
        BatchSize = parsed.GetValue(BatchSize) ?? run.BatchSize,
        MicroBatchSize = parsed.GetValue(MicroBatchSize) ?? run.MicroBatchSize,
        LearningRate = parsed.GetValue(LearningRate) ?? run.LearningRate,
        Seed = parsed.GetValue(Seed) ?? run.Seed,
        Precision = parsed.GetValue(Precision) is { } name ? RecipeFile.PrecisionNames[name] : run.Precision,
        ActivationCheckpointing = parsed.GetValue(ActivationCheckpointing) || run.ActivationCheckpointing,
    };

    private static Option<int?> Positive(string name, string description) => new Option<int?>(name) { Description = description }.Positive();

    private static Option<int?> Count(string name, string description) => new Option<int?>(name) { Description = description }.AtLeast(0);
}
