using System.CommandLine;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary><c>pauseonnx-train pretrain</c>: data to a new model.</summary>
internal static class PretrainCommand
{
    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var shared = new TrainingCommandOptions();
        var data = new Option<string>("--data")
        {
            Description = $"Data folder: examples ({FileNames.Train}) or what 'prepare' wrote ({TokenDataset.InfoFile}).",
            Required = true,
        };
        var pause = new Option<string?>("--pause")
        {
            Description = "How pauses get in, instead of the recipe's way: 'insert' between tokens at random places (the paper), 'replace' tokens of worked solutions, 'none' for standard pretraining.",
        };
        pause.AcceptOnlyFromAmong("insert", "replace", "none");
        var fraction = new Option<double?>("--pause-fraction") { Description = "Pauses a token that 'insert' puts in, 0 to 1, instead of the recipe's; 0.1 in the paper." };
        fraction.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && result.GetValue(fraction) is < 0 or > 1 or double.NaN)
            {
                result.AddError($"--pause-fraction is {result.Tokens[0].Value}; expected 0 to 1.");
            }
        });
        var checkpoint = new Option<string?>("--checkpoint")
        {
            Description = "Checkpoint folder to go on from, instead of a new model: one of ours, or anybody's in Hugging Face's layout, which gets a <pause> token. Shape and tokenizer are its own; prepare plain text with --tokenizer CHECKPOINT.",
        };
        var command = new Command("pretrain", """
            Trains a model, with pauses among its tokens, and writes a checkpoint in Hugging Face's layout. No loss is taken
            where a pause would have to be predicted. Ctrl-C ends the run after its step and keeps what was trained.

            Examples:
              pauseonnx-train pretrain --recipe luhn --data artifacts/data/luhn --out checkpoints/luhn-pretrained
              pauseonnx-train pretrain --recipe luhn --data artifacts/data/luhn --out checkpoints/standard --pause none
              pauseonnx-train pretrain --recipe small --data data/books --out checkpoints/books --eval-every 100 --early-stop 5
              pauseonnx-train pretrain --recipe c4-130m --data data/c4 --out checkpoints/c4 --micro-batch 4 --save-every 500
              pauseonnx-train pretrain --recipe c4-130m --data data/c4 --out checkpoints/c4 --micro-batch 4 --save-every 500 --resume
              mpirun -n 2 --bind-to none pauseonnx-train pretrain --recipe c4-130m --data data/c4 --out checkpoints/c4 --device cpu
              pauseonnx-train pretrain --recipe my.json --data data/c4 --checkpoint models/smollm --out checkpoints/smollm-paused
            """) { data, pause, fraction, checkpoint };
        shared.AddTo(command);
        command.SetAction((parsed, cancellationToken) =>
        {
            var recipe = RecipeFile.Read(parsed.GetRequiredValue(shared.Recipe));
            var options = recipe.Pretrain with
            {
                Pause = parsed.GetValue(pause) is { } name ? Enum.Parse<PauseMethod>(name, ignoreCase: true) : recipe.Pretrain.Pause,
                PauseFraction = parsed.GetValue(fraction) ?? recipe.Pretrain.PauseFraction,
                Run = shared.Apply(parsed, recipe.Pretrain.Run),
            };
            var folder = parsed.GetRequiredValue(data);
            return Task.Run(
                () => Ranks.Run(
                    parsed.GetRequiredValue(shared.Device),
                    (device, ranks, token) =>
                    {
                        using var start = parsed.GetValue(checkpoint) is { } from ? new StartingCheckpoint(from) : null;
                        var run = shared.CreateRun(parsed, recipe, "pretrain", (options, options.Run), start?.TokenizerFolder ?? folder) with { Device = device, Ranks = ranks };
                        Pretrain(run, options, start, folder, parsed.GetValue(shared.Threads), token);
                    },
                    cancellationToken),
                cancellationToken);
        });
        return command;
    }

    private static void Pretrain(TrainingRun run, PretrainOptions options, StartingCheckpoint? start, string folder, int? threads, CancellationToken cancellationToken)
    {
        run.CheckTarget();
        var tokenizer = Tokenizer.Load(run.TokenizerFolder);
        using var data = TrainingData.Open(folder, tokenizer);
        using var kept = TrainingData.OpenHeldOut(folder, tokenizer);
        using var model = CreateModel(run, options, start, tokenizer);
        TrainingThreads.Set(threads, model, options.Run, run.Ranks.LocalSize);
        run.Describe(model, $"pauses: {options.Pause}", start);
        var heldOut = run.HeldOut(model, kept, data => BatchFactory.Pretraining(data, options, model.Config));
        var inputs = $"data {data.Sha256}{(start is null ? "" : $", checkpoint {start.Sha256()}")}";
        var isWritten = run.Train(model, BatchFactory.Pretraining(data, options, model.Config), heldOut, inputs, cancellationToken);
        if (isWritten)
        {
            Console.WriteLine($"wrote {run.Output}");
        }
    }

    private static LanguageModel CreateModel(TrainingRun run, PretrainOptions options, StartingCheckpoint? start, Tokenizer tokenizer)
    {
        var (training, precision) = (options.Pause == PauseMethod.None ? "StdPT" : "PausePT", run.PrecisionOf(options.Run));
        if (start is not null)
        {
            // Where there were pauses before, there are still.
            return start.LoadModel(
                config => new LanguageModel(config with { Pause = config.Pause! with { Count = 0, Training = config.Pause.Training.StartsWith("PausePT", StringComparison.Ordinal) ? "PausePT" : training } }, precision, run.Device),
                options.Run.Seed);
        }

        var model = new LanguageModel(run.Recipe.CreateConfig(tokenizer, training), precision, run.Device);
        run.Recipe.Initialization.Draw(model, options.Run.Seed);
        return model;
    }
}
