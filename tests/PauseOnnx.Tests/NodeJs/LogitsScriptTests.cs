using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>
/// Graphs of every target in hosts that are not ours, which know nothing of pauses: each call's logits against the independent
/// <see cref="PlainTransformer"/>, one prompt and a left-padded batch, by the proof's own tolerances.
/// </summary>
[Category("Node")]
public sealed class LogitsScriptTests
{
    private const int PauseCount = 4;

    private static readonly Host Node = new("onnxruntime-node", "cpu");
    private static readonly Host Web = new("onnxruntime-web", "wasm");

    private static readonly Host WebGpu = new("onnxruntime-node", "webgpu") { NeedsVulkan = true };

    private static readonly Cell[] Cells =
    [
        .. from target in Enum.GetValues<ExportTarget>() from config in new[] { "llama", "qwen3", "gpt2", "gpt_neox" } select new Cell(Node, config, target),
        .. from target in Enum.GetValues<ExportTarget>() from precision in Targets.Of(target).Precisions.Skip(1) select new Cell(Node, "llama", target, precision),
        .. from target in Enum.GetValues<ExportTarget>() select new Cell(Node, "llama-tied", target) { HasFunctions = false },
        .. from target in new[] { ExportTarget.SharedCache, ExportTarget.GenAI } select new Cell(Node, "llama", target) { IsInPlace = true },
        .. from logits in new[] { LogitsOf.Last, LogitsOf.All } select new Cell(Node, "gpt2", ExportTarget.Portable) { Logits = logits },
        .. from target in Enum.GetValues<ExportTarget>() from config in new[] { "llama", "gpt_neox" } select new Cell(Web, config, target),
        .. from precision in Targets.Of(ExportTarget.Portable).Precisions.Skip(1) select new Cell(Web, "llama", ExportTarget.Portable, precision),
        .. from precision in Targets.Of(ExportTarget.Standard).Precisions.Skip(1) select new Cell(Web, "llama", ExportTarget.Standard, precision),
        .. from target in new[] { ExportTarget.Portable, ExportTarget.Standard } select new Cell(Web, "llama", target) { HasFunctions = false },
        .. from target in new[] { ExportTarget.Portable, ExportTarget.Standard } select new Cell(Web, "gpt2", target) { Logits = LogitsOf.All },
        .. from target in new[] { ExportTarget.Portable, ExportTarget.Standard, ExportTarget.GenAI } select new Cell(WebGpu, "llama", target),
        new Cell(WebGpu, "llama", ExportTarget.Standard, GraphPrecision.BlockInt4),
    ];

    // A host that fails fails its own tests only.
    private static readonly Dictionary<Host, Lazy<Dictionary<Cell, Outcome>>> Outcomes =
        Cells.Select(c => c.Host).Distinct().ToDictionary(h => h, h => new Lazy<Dictionary<Cell, Outcome>>(() => AnswerInOneProcess(h)));

    private static IEnumerable<TestCaseData> NamedCells() => Cells.Select(c => new TestCaseData(c).SetArgDisplayNames(c.Name));

    [TestCaseSource(nameof(NamedCells))]
    public void Logits_OfEveryCall_AreTheReferences(Cell cell)
    {
        NodeScript.IgnoreUnlessInstalled("onnxruntime-web");
        if (cell.Host.NeedsVulkan)
        {
            SwiftShader.IgnoreUnlessInstalled();
        }

        var (answer, references) = Outcomes[cell.Host].Value[cell];
        Assert.That(answer.Error, Is.Null);
        foreach (var (calls, reference) in answer.Cases!.Zip(references))
        {
            var comparison = new Comparison(reference);
            foreach (var (step, call) in calls.Index())
            {
                var positions = cell.Logits == LogitsOf.All && step == 0 ? reference.PromptLength + PauseCount : 1;
                Assert.That(call.Dims, Is.EqualTo(new[] { reference.Batch, positions, reference.OrdinaryVocabSize }));
                comparison.Add(step, call.Data, positions, cell.Precision);
            }

            Assert.That(() => comparison.Report(cell.Precision), Throws.Nothing);
        }
    }

    private static Dictionary<Cell, Outcome> AnswerInOneProcess(Host host)
    {
        using var folder = new TemporaryFolder();
        var jobs = Cells.Where(c => c.Host == host).Select(c => (Cell: c, File: Export(c, folder), References: ReadReferences(c, folder))).ToArray();
        var answers = NodeScript.Answer<Answer>("logits.mjs", [.. jobs.Select(j => Job(j.Cell, j.File, j.References))], host.NeedsVulkan ? SwiftShader.Environment : null);
        return jobs.Zip(answers).ToDictionary(j => j.First.Cell, j => new Outcome(j.Second, j.First.References));
    }

    private static ReferenceCase[] ReadReferences(Cell cell, TemporaryFolder folder) =>
        [.. ReferenceFile.Read(Path.Combine(Checkpoint(cell, folder), FileNames.Reference), cell.Config)];

    private static string Checkpoint(Cell cell, TemporaryFolder folder)
    {
        var root = folder[$"{cell.ConfigName} {cell.Config.HeadDim}"];
        var checkpoint = Path.Combine(root, "checkpoint");
        return Directory.Exists(checkpoint) ? checkpoint : TinyExport.WriteCheckpoint(root, cell.Config, PauseCount);
    }

    private static string Export(Cell cell, TemporaryFolder folder)
    {
        var output = folder[cell.Name];
        var report = ModelExporter.Export(new()
        {
            Checkpoint = Checkpoint(cell, folder),
            Output = output,
            Target = cell.Target,
            Precisions = [cell.Precision],
            Logits = cell.Logits,
            HasFunctions = cell.HasFunctions,
            Verify = Verification.None,
        });
        return Path.Combine(output, report.Variants.Single().File);
    }

    private static object Job(Cell cell, string file, ReferenceCase[] references) => new
    {
        host = cell.Host.Package,
        provider = cell.Host.Provider,
        file,
        maxLength = Targets.Of(cell.Target).HasSharedCache ? cell.Config.MaxPositionEmbeddings : (int?)null,
        inPlace = cell.IsInPlace,
        cases = references.Select(r => new
        {
            ids = r.InputIds.Chunk(r.PromptLength),
            mask = r.AttentionMask.Chunk(r.PromptLength),
            next = r.NextIds.Chunk(r.Steps),
        }),
    };

    /// <summary>Who runs a graph.</summary>
    /// <param name="Package">Of npm.</param>
    /// <param name="Provider">ONNX Runtime's execution provider.</param>
    public sealed record Host(string Package, string Provider)
    {
        /// <summary>Whether the provider computes by Vulkan.</summary>
        public bool NeedsVulkan { get; init; }
    }

    /// <summary>A graph and who runs it.</summary>
    public sealed record Cell(Host Host, string ConfigName, ExportTarget Target, GraphPrecision Precision = GraphPrecision.Fp32)
    {
        /// <summary>Whether the delay is written as functions.</summary>
        public bool HasFunctions { get; init; } = true;

        /// <summary>Which positions get logits; null for what the target wants.</summary>
        public LogitsOf? Logits { get; init; }

        /// <summary>Whether past and present are the same memory, rather than one the input and the other the output.</summary>
        public bool IsInPlace { get; init; }

        /// <summary>The model's shape, with heads that the target takes.</summary>
        public ModelConfig Config => TinyCheckpoint.ConfigFor(ConfigName, Target);

        /// <summary>Name of the test.</summary>
        public string Name => string.Join(", ", new[]
        {
            $"{Host.Package} {Host.Provider}",
            ConfigName,
            Targets.Of(Target).Name,
            GraphPrecisions.NameOf(Precision),
            HasFunctions ? "" : "no functions",
            Logits is { } logits ? $"logits {logits}" : "",
            IsInPlace ? "in place" : "",
        }.Where(part => part.Length > 0));
    }

    private sealed record Call(int[] Dims, float[] Data);

    private sealed record Answer(Call[][]? Cases, string? Error);

    private sealed record Outcome(Answer Answer, ReferenceCase[] References);
}
