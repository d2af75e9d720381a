using System.CommandLine;
using System.Globalization;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary><c>pauseonnx-train evaluate</c>: how well a checkpoint answers, by number of pauses or of filler tokens.</summary>
internal static class EvaluateCommand
{
    private const int DefaultLimit = 1024;

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var checkpoint = new Argument<string>("CHECKPOINT") { Description = "Checkpoint folder." };
        var data = new Option<string>("--data")
        {
            Description = $"A data folder, whose {FileNames.HeldOut} is taken, or a .jsonl file of examples.",
            Required = true,
        };
        var counts = new Option<string?>("--m-inf")
        {
            Description = "Numbers of pauses to try, such as 0,5,10 or 0..20. Default: the checkpoint's own.",
            HelpName = "LIST",
        };
        var filler = new Option<string?>("--filler")
        {
            Description = "Text of one token to put where pauses would be, such as '.': the paper's baseline for a model that was trained without pauses.",
            HelpName = "TEXT",
        };
        var limit = new Option<int?>("--limit") { Description = $"Most examples. Default: {DefaultLimit}." }.Positive();
        var command = new Command("evaluate", """
            Measures how often a checkpoint answers held-out questions exactly, and the loss of the right answers, after each
            of several numbers of pauses. Runs the trainer's own model; 'pauseonnx eval' does the same with an exported one.

            Examples:
              pauseonnx-train evaluate checkpoints/luhn --data artifacts/data/luhn --m-inf 0,4,8,15,30
              pauseonnx-train evaluate checkpoints/standard --data artifacts/data/luhn --m-inf 0,15 --filler .
            """) { checkpoint, data, counts, filler, limit };
        command.SetAction((parsed, cancellationToken) =>
        {
            var folder = parsed.GetRequiredValue(checkpoint);
            var list = parsed.GetValue(counts) is { } text ? PauseCounts.Parse(text) : null;
            return Task.Run(
                () => Evaluate(folder, parsed.GetRequiredValue(data), list, parsed.GetValue(filler), parsed.GetValue(limit) ?? DefaultLimit, cancellationToken), cancellationToken);
        });
        return command;
    }

    private static void Evaluate(string folder, string path, IReadOnlyList<int>? counts, string? filler, int limit, CancellationToken cancellationToken)
    {
        LibTorch.Load();
        using var model = Checkpoint.LoadModel(folder);
        var tokenizer = Tokenizer.Load(folder);
        using var heldOut = File.Exists(path) ? TrainingData.Open(path, tokenizer) : TrainingData.OpenHeldOut(path, tokenizer);
        var examples = heldOut is { Examples.Count: > 0 } ? heldOut.Examples.Take(limit).ToArray()
            : throw new FileNotFoundException($"There are no held-out examples in '{path}'; expected {FileNames.HeldOut}, or a .jsonl file.");
        var pause = model.Config.Pause;
        var tokenId = filler is null ? pause?.TokenId : FillerId(filler, tokenizer);
        foreach (var count in counts ?? [pause?.Count ?? 0])
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (count > 0 && tokenId is null)
            {
                throw new ArgumentException($"--m-inf is {count}, but the model has no <pause> token; expected 0, or --filler ({Path.Combine(folder, FileNames.Config)}).");
            }

            var pauses = new PausePlacement(count, tokenId ?? 0, pause?.Position ?? PausePosition.Append);
            Evaluation.CheckLength(model, examples, pauses, path);
            var found = Evaluation.Measure(model, examples, pauses);
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{count} x {filler ?? "<pause>"}: {found}"));
        }
    }

    private static int FillerId(string filler, Tokenizer tokenizer) => tokenizer.EncodeOrdinary(filler) is [var id]
        ? id
        : throw new ArgumentException($"--filler '{filler}' is {tokenizer.EncodeOrdinary(filler).Length} tokens of this tokenizer; expected exactly one.");
}
