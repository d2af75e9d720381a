using System.CommandLine;
using System.Globalization;
using PauseOnnx.CommandLine;
using PauseOnnx.Exporter;
using PauseOnnx.Model;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx export</c>: checkpoint to a proven ONNX model folder.</summary>
internal static class ExportCommand
{
    private const string Dynamic = "dynamic";
    private const string LeastError = "least-error";

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

    private static readonly Option<string> Target = new("--target")
    {
        Description = "The kind of host to lower for; the table above says which.",
        DefaultValueFactory = _ => "portable",
    };

    private static readonly Option<string[]> Precision = new("--precision")
    {
        Description = "What numbers the graph holds; the table above says which. Several make several graphs in one folder: --precision fp32,int4.",
        DefaultValueFactory = _ => ["fp32"],
        HelpName = string.Join('|', GraphPrecisions.Names),
        CustomParser = result => [.. result.Tokens.SelectMany(t => t.Value.Split(','))],
    };

    private static readonly Option<string[]> Exclude = new("--exclude")
    {
        Description = "Weights that int8, int4 and int8-dynamic leave in float32: names with *, such as 'lm_head.*' or '*.down_proj.weight'.",
        HelpName = "PATTERN",
        CustomParser = result => [.. result.Tokens.SelectMany(t => t.Value.Split(','))],
    };

    private static readonly Option<bool> Asymmetric = new("--asymmetric")
    {
        Description = "Gives each block of int8 and int4 weights its own zero point: a little larger, and closer where weights are not centred.",
    };

    private static readonly Option<string> Scales = new("--scales")
    {
        Description = "How a block of int8 or int4 weights finds its scale: 'least-error' tries several and keeps the one that comes closest, 'range' clips nothing.",
        DefaultValueFactory = _ => LeastError,
    };

    private static readonly Option<int> BlockSize = new("--block-size")
    {
        Description = "Inputs that share a scale in int8 and int4 weights, 32, 64 or 128: larger blocks are faster and lose more.",
        DefaultValueFactory = _ => QuantizationOptions.DefaultBlockSize,
        HelpName = "N",
    };

    private static readonly Option<LogitsOf?> Logits = new("--logits")
    {
        Description = "Positions that get logits: 'delayed', the last pause on the first call and all new ones later; 'last', one in every call; 'all', pauses too, to score a text [default: delayed, or what the target wants].",
        HelpName = "delayed|last|all",
    };

    private static readonly Option<int?> MaxLength = new("--max-length")
    {
        Description = "Positions, pauses included, that genai allocates and that tensorrt builds its engine for [default: as many as the model has, at most 4096].",
        HelpName = "N",
    };

    private static readonly Option<int> MaxBatch = new("--max-batch")
    {
        Description = "Sequences in one call that tensorrt builds its engine for and that triton joins.",
        DefaultValueFactory = _ => 8,
        HelpName = "N",
    };

    private static readonly Option<bool> NoFunctions = new("--no-functions")
    {
        Description = "Writes the delay in ONNX's own operators, for hosts that know no functions; a native kernel of ours then finds nothing to replace.",
    };

    private static readonly Option<string?> Reference = new("--reference")
    {
        Description = "The trainer's own logits to prove the file by [default: reference.safetensors in CHECKPOINT].",
        HelpName = "FILE",
    };

    private static readonly Option<Verification> Verify = new("--verify")
    {
        Description = "'full' proves each graph in ONNX Runtime before it is kept; 'quick' proves one case with the weights left on disk, for models that barely fit into memory; 'none' keeps it unproven, and the report says so.",
        DefaultValueFactory = _ => Verification.Full,
        HelpName = "full|quick|none",
    };

    private static readonly Option<string?> Quality = new("--quality")
    {
        Description = "Measures every graph on your own data, beside the float32 graph: accuracy, perplexity, how often the first choice is the same, and the divergence. A folder with heldout.jsonl or with held-out tokens from 'pauseonnx-train prepare', a .jsonl file of prefix and target, or a text file.",
        HelpName = "PATH",
    };

    private static readonly Option<int> QualitySamples = new Option<int>("--quality-samples")
    {
        Description = "Examples of --quality, or pieces of its text, that are measured.",
        DefaultValueFactory = _ => 256,
        HelpName = "N",
    }.Positive();

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("export", """
            Lowers a trained checkpoint to ONNX with its pauses inside the graph, and proves the file equal to the trainer: the
            first call and every decode step, plain and left-padded. A difference over tolerance fails the export, names the
            first differing logit and leaves no folder. export-report.json records what was done.

            Which target? The first that fits:
              your own app in C#, on this library   shared-cache   past and present are one buffer that never grows
              onnxruntime-genai                     genai          with genai_config.json
              ONNX Runtime 1.23 or newer, browsers  standard       fewest nodes; transformers.js reads it
              NVIDIA TensorRT                       tensorrt       only operators that TensorRT has, shapes in the metadata
              NVIDIA Triton, KServe                 triton         OUT is the model's folder in a model repository
              anything else, or not sure            portable       opset 17, runs everywhere

            Which precision?
              fp32          exact                                      every target
              fp16          half the size; for GPUs, slow on CPUs      every target
              bf16          half the size, computed in float32         not shared-cache, genai
              int8          a third; nearly exact                      standard, shared-cache, genai
              int4          a quarter; least to read for each token    standard, shared-cache, genai; slow in browsers
              int8-dynamic  a third; fastest prompts on CPUs, web      not tensorrt

            Examples:
              pauseonnx export artifacts/checkpoints/luhn --out artifacts/models/luhn --pause-count 15
              pauseonnx export artifacts/checkpoints/luhn --out artifacts/models/luhn-dynamic --pause-count dynamic
              pauseonnx export artifacts/checkpoints/luhn --out artifacts/models/luhn-web --target standard --precision fp32,int8-dynamic
              pauseonnx export ~/models/llama --out artifacts/models/llama --target shared-cache --precision int4 --verify quick
              pauseonnx export artifacts/checkpoints/luhn --out artifacts/models/luhn --target standard --precision int8,int4 --quality artifacts/data/luhn
            """)
        {
            Checkpoint, Out, Target, Precision, PauseCount, Logits, Exclude, Asymmetric, Scales, BlockSize, MaxLength, MaxBatch, NoFunctions, Reference, Verify,
            Quality, QualitySamples,
        };
        Target.AcceptOnlyFromAmong([.. ExportTargets.Names]);
        Scales.AcceptOnlyFromAmong(LeastError, "range");
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
            Target = ExportTargets.Parse(parsed.GetRequiredValue(Target)),
            Precisions = [.. parsed.GetRequiredValue(Precision).Select(GraphPrecisions.Parse).Distinct()],
            Quantization = new QuantizationOptions
            {
                Exclude = parsed.GetValue(Exclude) ?? [],
                IsSymmetric = !parsed.GetValue(Asymmetric),
                LeastError = parsed.GetValue(Scales) == LeastError,
                BlockSize = parsed.GetValue(BlockSize),
            },
            Logits = parsed.GetValue(Logits),
            MaxLength = parsed.GetValue(MaxLength),
            MaxBatchSize = parsed.GetValue(MaxBatch),
            HasFunctions = !parsed.GetValue(NoFunctions),
            Reference = parsed.GetValue(Reference),
            Verify = parsed.GetValue(Verify),
            Quality = parsed.GetValue(Quality),
            QualitySamples = parsed.GetValue(QualitySamples),
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

        foreach (var variant in report.Variants.Where(v => v.Quality is not null))
        {
            Console.WriteLine($"{variant.Precision} on {variant.Quality!.Data}: {Describe(variant.Quality)}");
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

    private static string Describe(QualityReport quality)
    {
        var data = $"{quality.Samples} {(quality.Accuracy is null ? "pieces of text" : "examples")}, {quality.TargetTokens} tokens";
        var accuracy = quality.Accuracy is { } share ? $"accuracy {share:P1}, " : "";
        return $"{accuracy}perplexity {quality.Perplexity:F4}; beside fp32 the same first choice in {quality.Top1Agreement:P1}, divergence {quality.KlDivergence:G2} nats ({data})";
    }

    /// <summary>Reports on the exporting thread, in order; <see cref="Progress{T}"/> would not.</summary>
    private sealed class ShownProgress(Action<ExportProgress> show) : IProgress<ExportProgress>
    {
        public void Report(ExportProgress value) => show(value);
    }
}
