using System.CommandLine;
using System.Globalization;
using PauseOnnx.CommandLine;
using PauseOnnx.Exporter;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx export</c>: checkpoint to a proven ONNX model folder.</summary>
internal static class ExportCommand
{
    private const string Dynamic = "dynamic";

    private static readonly Argument<string> Checkpoint = new("CHECKPOINT")
    {
        Description = "Folder with config.json, model.safetensors and the tokenizer's files, in Hugging Face's layout.",
    };

    private static readonly Option<string> Out = new("--out")
    {
        Description = "Folder to write. An earlier export there is replaced once the new one is proven.",
        Required = true,
    };

    private static readonly Option<string?> PauseCount = new("--pause-count")
    {
        Description = $"Pauses appended to every prompt, a number baked into the file; or '{Dynamic}', a default that C# and C++ hosts can override (JavaScript hosts cannot) [default: as the checkpoint says].",
        HelpName = $"N|{Dynamic}",
    };

    private static readonly Option<string?> Reference = new("--reference")
    {
        Description = "The trainer's own logits to prove the file by [default: reference.safetensors in CHECKPOINT].",
        HelpName = "FILE",
    };

    private static readonly Option<Verification> Verify = new("--verify")
    {
        Description = "'full' proves the file in ONNX Runtime before it is kept; 'none' keeps it unproven, and the report says so.",
        DefaultValueFactory = _ => Verification.Full,
        HelpName = "full|none",
    };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("export", """
            Lowers a trained checkpoint to ONNX with its pauses inside the graph, and proves the file equal to the trainer: the
            first call and every decode step, plain and left-padded. A difference over tolerance fails the export, names the
            first differing logit and leaves no folder. export-report.json records what was done.

            Examples:
              pauseonnx export artifacts/checkpoints/luhn --out artifacts/models/luhn --pause-count 15
              pauseonnx export artifacts/checkpoints/luhn --out artifacts/models/luhn-dynamic --pause-count dynamic
              pauseonnx export ~/models/llama --out artifacts/models/llama --verify none
            """)
        {
            Checkpoint, Out, PauseCount, Reference, Verify,
        };
        command.SetAction((parsed, cancellationToken) => Task.Run(() => Run(ReadOptions(parsed), cancellationToken), cancellationToken));
        return command;
    }

    private static ExportOptions ReadOptions(ParseResult parsed)
    {
        var pauseCount = parsed.GetValue(PauseCount);
        return new ExportOptions
        {
            Checkpoint = parsed.GetRequiredValue(Checkpoint),
            Output = parsed.GetRequiredValue(Out),
            PauseCount = ParsePauseCount(pauseCount),
            DynamicPauseCount = pauseCount == Dynamic,
            Reference = parsed.GetValue(Reference),
            Verify = parsed.GetValue(Verify),
        };
    }

    private static int? ParsePauseCount(string? text) =>
        text is null or Dynamic ? null
        : int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count
        : throw new ArgumentException($"--pause-count is '{text}'; expected a number of pauses from 0, or '{Dynamic}'.");

    private static int Run(ExportOptions options, CancellationToken cancellationToken)
    {
        const int total = 100;
        var report = ProgressDisplay.Run("export", total, show =>
            ModelExporter.Export(options, new ShownProgress(p => show((long)(total * p.Fraction), p.Activity)), cancellationToken));
        Print(report, options.Output);
        return CommandHost.Success;
    }

    private static void Print(ExportReport report, string folder)
    {
        Console.WriteLine($"{report.Family} for {report.Target}, {report.PauseCount} pauses ({report.PauseCountMode}), logits {report.Logits}");
        foreach (var file in report.Files)
        {
            Console.WriteLine($"  {file.Name,-28} {ByteSize.Format(file.Bytes),10}");
        }

        foreach (var variant in report.Variants)
        {
            Console.WriteLine($"{variant.Precision}, {variant.Nodes.Values.Sum()} nodes: {Proof(variant)}");
        }

        Console.WriteLine($"Written to {folder}");
    }

    private static string Proof(VariantReport variant)
    {
        if (!variant.IsProven)
        {
            return "NOT PROVEN: exported with --verify none";
        }

        var (cases, calls) = (variant.Parity.Count, variant.Parity.Sum(p => 1 + p.DecodeSteps));
        var found = variant.Precision == "fp32"
            ? $"largest difference of a logit {variant.Parity.Max(p => p.MaxDifference):G2} (allowed {variant.Parity[0].Tolerance:G2})"
            : $"error of logits {variant.Parity.Max(p => p.RelativeError):P1} of their spread (allowed {variant.Parity[0].Tolerance:P0}), same first choice in {variant.Parity.Average(p => p.Top1Agreement):P0}";
        return $"proven, {cases} cases, {calls} calls, {found}";
    }

    /// <summary>Reports on the exporting thread, in order; <see cref="Progress{T}"/> would not.</summary>
    private sealed class ShownProgress(Action<ExportProgress> show) : IProgress<ExportProgress>
    {
        public void Report(ExportProgress value) => show(value);
    }
}
