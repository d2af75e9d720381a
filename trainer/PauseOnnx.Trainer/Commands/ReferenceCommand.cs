using System.CommandLine;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary><c>pauseonnx-train reference</c>: the logits by which an export of any checkpoint is proven.</summary>
internal static class ReferenceCommand
{
    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var checkpoint = new Argument<string>("CHECKPOINT") { Description = "Checkpoint folder in Hugging Face's layout." };
        var pauseCounts = new Option<string?>("--pause-count")
        {
            Description = "Numbers of pauses to make cases for, such as 0,15,30 or 0..4. Default: 0, 4, 25 and the checkpoint's own; 0 without a <pause> token.",
            HelpName = "LIST",
        };
        var output = new Option<string?>("--out") { Description = $"File to write. Default: {FileNames.Reference} in the checkpoint folder." };
        var command = new Command("reference", """
            Runs a few prompts, plain and left-padded, through the trainer's own model and writes its logits. 'pauseonnx export'
            compares the exported graph with them. 'pretrain' and 'finetune' write this file themselves: the command is for
            checkpoints that were trained elsewhere.

            Examples:
              pauseonnx-train reference checkpoints/smollm
              pauseonnx-train reference checkpoints/luhn --pause-count 0,15,30 --out luhn-reference.safetensors
            """) { checkpoint, pauseCounts, output };
        command.SetAction((parsed, cancellationToken) =>
        {
            var folder = parsed.GetRequiredValue(checkpoint);
            var file = parsed.GetValue(output) ?? Path.Combine(folder, FileNames.Reference);
            var counts = parsed.GetValue(pauseCounts) is { } list ? PauseCounts.Parse(list) : null;
            return Task.Run(() => Write(folder, counts, file), cancellationToken);
        });
        return command;
    }

    private static void Write(string folder, IReadOnlyList<int>? pauseCounts, string file)
    {
        LibTorch.Load();
        using var model = Checkpoint.LoadModel(folder);
        var cases = ReferenceBuilder.Build(model, pauseCounts ?? ReferenceBuilder.DefaultPauseCounts(model.Config));
        AtomicFile.Write(file, temporary => ReferenceFile.Write(temporary, cases));
        Console.WriteLine($"wrote {file}: {string.Join(", ", cases.Select(c => c.Name))}");
    }
}
