using System.CommandLine;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Benchmarks;

/// <summary><c>pauseonnx-bench export</c>: time and memory of an export beside copying the checkpoint.</summary>
internal static class ExportCommand
{
    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var parameters = new Option<string>("--parameters") { Description = $"Models, by name: {string.Join(", ", ExportShape.All.Select(s => s.Name))}.", DefaultValueFactory = _ => "130M,1.1B" };
        var precisions = new Option<string>("--precision") { Description = "Precisions to export in, with target standard.", DefaultValueFactory = _ => "fp32,int4" };
        var rounds = new Option<int>("--rounds") { Description = "Runs of each that are timed, after one that is not.", DefaultValueFactory = _ => 3 }.Positive();
        var folder = new Option<string>("--folder") { Description = "Where checkpoints are generated, and exported; three times their size.", DefaultValueFactory = _ => Path.Combine("artifacts", "bench") };
        var output = new Option<string?>("--out") { Description = "Markdown file to write. Default: standard output only." };
        var command = new Command("export", """
            Times `pauseonnx export --verify none` of generated checkpoints, each in a process of its own, beside `cp` of the same
            bytes, in turn, and compares its memory with that of exporting next to nothing. Close other programs first.

            Examples:
              pauseonnx-bench export --out docs/export-speed.md
              pauseonnx-bench export --parameters 130M --precision int8 --rounds 1
            """) { parameters, precisions, rounds, folder, output };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                var bench = new ExportBench(parsed.GetRequiredValue(folder), CommaList.Split(parsed.GetRequiredValue(precisions)), parsed.GetValue(rounds), cancellationToken);
                var table = bench.Measure([.. CommaList.Split(parsed.GetRequiredValue(parameters)).Select(ExportShape.Of)]);
                MarkdownTable.Publish(
                    ["# Speed of an export", "", $"{Machine.Describe()} {ExportBench.About}", "", .. table.Lines, "", "Regenerate with `dotnet run -c Release --project tools/PauseOnnx.Benchmarks -- export --out docs/export-speed.md`."],
                    parsed.GetValue(output));
            },
            cancellationToken));
        return command;
    }
}
