using System.Numerics.Tensors;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Quality;

public class QualityMeasurementTests
{
    private const int PauseCount = 4;
    private static readonly ModelConfig Config = TinyCheckpoint.Configs["llama"] with { HeadDim = 8 };
    private TemporaryFolder _folder = null!;
    private ExportOptions _options = null!;
    private (int[] Prefix, int[] Target)[] _examples = null!;

    [OneTimeSetUp]
    public void WriteCheckpointAndExamples()
    {
        _folder = new TemporaryFolder();
        var checkpoint = TinyExport.WriteCheckpoint(_folder.Root, Config, PauseCount);

        // Without an end of text, which random weights would not come to.
        var tokenizer = Path.Combine(checkpoint, FileNames.TokenizerConfig);
        File.WriteAllText(tokenizer, File.ReadAllText(tokenizer).Replace("eos_token", "no_eos_token", StringComparison.Ordinal));
        _examples = MakeExamples(checkpoint);
        ExampleFile.Write(_folder["examples.jsonl"], _examples.Select(e => new Example(Text(e.Prefix), "", Text(e.Target))));
        _options = new() { Checkpoint = checkpoint, Output = _folder["model"], PauseCount = PauseCount, Quality = _folder["examples.jsonl"] };
    }

    [OneTimeTearDown]
    public void Delete() => _folder.Dispose();

    [TestCase(ExportTarget.Portable, null)]
    [TestCase(ExportTarget.Portable, LogitsOf.Last)]
    [TestCase(ExportTarget.Portable, LogitsOf.All)]
    [TestCase(ExportTarget.SharedCache, null)]
    [TestCase(ExportTarget.GenAI, null)]
    [TestCase(ExportTarget.Triton, null)]
    public void Fp32_HasThePlainReferencesFigures_AndAgreesWithItself(ExportTarget target, LogitsOf? logits)
    {
        var quality = ModelExporter.Export(_options with { Target = target, Logits = logits }).Variants.Single().Quality!;

        var (accuracy, perplexity) = PlainFigures();
        Assert.Multiple(() =>
        {
            Assert.That((quality.Samples, quality.TargetTokens), Is.EqualTo((_examples.Length, (long)_examples.Sum(e => e.Target.Length))));
            Assert.That(accuracy, Is.GreaterThan(0.2).And.LessThan(0.8), "examples of both kinds");
            Assert.That(quality.Accuracy, Is.EqualTo(accuracy));
            Assert.That(quality.Perplexity, Is.EqualTo(perplexity).Within(1e-4));
            Assert.That((quality.Top1Agreement, quality.KlDivergence), Is.EqualTo((1.0, 0.0)));
            Assert.That(quality.Data, Is.EqualTo(_options.Quality));
        });
    }

    [Test]
    public void Precisions_AreMeasuredBesideFp32_WhetherItWasAskedForOrNot()
    {
        var options = _options with { Target = ExportTarget.Standard, Precisions = [GraphPrecision.BlockInt4, GraphPrecision.Fp16, GraphPrecision.Fp32] };
        var all = ModelExporter.Export(options).Variants;
        var alone = ModelExporter.Export(options with { Precisions = [GraphPrecision.BlockInt4] });

        Assert.Multiple(() =>
        {
            Assert.That(all[0].Quality!.KlDivergence, Is.GreaterThan(1e-5).And.LessThan(0.1));
            Assert.That(all[1].Quality!.KlDivergence, Is.GreaterThan(0).And.LessThan(1e-5));
            Assert.That(all[2].Quality!.KlDivergence, Is.Zero);
            Assert.That(alone.Variants.Single().Quality, Is.EqualTo(all[0].Quality));
            Assert.That(alone.Files.Select(f => f.Name).Where(n => n.StartsWith("onnx", StringComparison.Ordinal)), Is.EqualTo(new[] { "onnx/model_q4.onnx", "onnx/model_q4.onnx_data" }));
            Assert.That(Directory.EnumerateDirectories(_folder["model"]).Select(Path.GetFileName), Is.EqualTo(new[] { "onnx" }), "no baseline is left");
            Assert.That(ExportReport.Read(_folder["model/export-report.json"]).Variants[0].Quality, Is.EqualTo(alone.Variants[0].Quality));
        });
    }

    [Test]
    public void Text_IsMeasuredWithoutAccuracy()
    {
        File.WriteAllText(_folder["text.txt"], string.Concat(_examples.Concat(_examples).Select(e => Text(e.Prefix) + Text(e.Target))));

        var quality = ModelExporter.Export(_options with { Quality = _folder["text.txt"], QualitySamples = 2 }).Variants.Single().Quality!;

        // 96 positions less 4 pauses leave windows of 92 tokens, of which the second half is foretold.
        Assert.That((quality.Samples, quality.TargetTokens, quality.Accuracy), Is.EqualTo((2, 92L, (double?)null)));
        Assert.That(ExportReport.Read(_folder["model/export-report.json"]).Variants[0].Quality, Is.EqualTo(quality));
    }

    [Test]
    public void Progress_GoesUpToTheEnd_OverAllGraphs()
    {
        var seen = new List<ExportProgress>();
        ModelExporter.Export(_options with { Precisions = [GraphPrecision.Fp16, GraphPrecision.DynamicInt8] }, new Recorded(seen.Add));

        Assert.That(seen.Select(p => p.Fraction), Is.Ordered.And.All.InRange(0, 1));
        Assert.That(seen[^1], Is.EqualTo(new ExportProgress(1, $"{2 * _examples.Length} of {2 * _examples.Length} examples measured")));
    }

    [Test]
    public void Cancellation_WhileMeasuring_LeavesNothingAndAnEarlierExportWhole()
    {
        ModelExporter.Export(_options);
        var before = File.ReadAllBytes(_folder["model/export-report.json"]);
        using var cancellation = new CancellationTokenSource();
        var progress = new Recorded(p =>
        {
            if (p.Activity.EndsWith("measured", StringComparison.Ordinal))
            {
                cancellation.Cancel();
            }
        });

        Assert.That(
            () => ModelExporter.Export(_options with { Precisions = [GraphPrecision.Fp16] }, progress, cancellation.Token),
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That(File.ReadAllBytes(_folder["model/export-report.json"]), Is.EqualTo(before));
        Assert.That(Directory.EnumerateDirectories(_folder.Root).Select(Path.GetFileName), Is.EquivalentTo(new[] { "checkpoint", "model" }));
    }

    // Every other target is what the plain model would say itself; lengths differ, and some are the same.
    private static (int[] Prefix, int[] Target)[] MakeExamples(string checkpoint)
    {
        var plain = new PlainTransformer(checkpoint);
        var random = new Random(3);
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(19))];
        return [.. Enumerable.Range(0, 24).Select(i =>
        {
            var prefix = Ids(3 + (i % 4));
            var target = Ids(1 + (i % 3));
            for (var step = 0; step < target.Length && i % 2 == 0; step++)
            {
                target[step] = TensorPrimitives.IndexOfMax<double>(plain.DelayedLogits(prefix, PauseCount, target[..step])[^1].AsSpan(0, 19));
            }

            return (prefix, target);
        })];
    }

    private (double Accuracy, double Perplexity) PlainFigures()
    {
        var plain = new PlainTransformer(_options.Checkpoint);
        var (right, losses) = (0, new List<double>());
        foreach (var (prefix, target) in _examples)
        {
            var logits = plain.DelayedLogits(prefix, PauseCount, target[..^1]);
            losses.AddRange(logits.Zip(target, (row, id) => Math.Log(row.Sum(Math.Exp)) - row[id]));
            right += logits.Zip(target).All(p => TensorPrimitives.IndexOfMax<double>(p.First) == p.Second) ? 1 : 0;
        }

        return ((double)right / _examples.Length, Math.Exp(losses.Average()));
    }

    private static string Text(IEnumerable<int> ids) => string.Concat(ids.Select(id => "0123456789=abcdefgh"[id]));

    private sealed class Recorded(Action<ExportProgress> report) : IProgress<ExportProgress>
    {
        public void Report(ExportProgress value) => report(value);
    }
}
