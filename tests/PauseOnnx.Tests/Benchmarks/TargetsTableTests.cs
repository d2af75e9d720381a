using System.Globalization;
using NUnit.Framework;
using PauseOnnx.Benchmarks;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks;

public class TargetsTableTests
{
    [Test]
    public void Cells_AreEveryTargetInEveryPrecisionThatItCanRun()
    {
        var targets = Enum.GetValues<ExportTarget>().Except([ExportTarget.Triton]);
        Assert.That(TargetsTable.Cells, Is.EquivalentTo(targets.SelectMany(t => Targets.Of(t).Precisions.Select(p => (t, p)))));
    }

    [TestCase(ExportTarget.Standard, GraphPrecision.BlockInt4)]
    [TestCase(ExportTarget.SharedCache, GraphPrecision.Fp32)]
    [TestCase(ExportTarget.GenAI, GraphPrecision.Fp16)]
    public void Measure_Graph_IsARowOfFigures(ExportTarget target, GraphPrecision precision)
    {
        using var folder = new TemporaryFolder();
        var bench = new GraphBench(RandomCheckpoint.Generate(folder.Root, ExportShape.Tiny), folder["graphs"], rounds: 1, CancellationToken.None);
        var row = TargetsTable.Measure(bench, [(target, precision)], [1]).Last(l => l.StartsWith('|')).Split('|', StringSplitOptions.TrimEntries)[1..^1];
        Assert.That(row[..2], Is.EqualTo(new[] { ExportTargets.NameOf(target), GraphPrecisions.NameOf(precision) }));
        Assert.That(row[2..].Select(c => double.Parse(c.Split(' ')[0], CultureInfo.InvariantCulture)), Has.Exactly(10).GreaterThanOrEqualTo(0));
        Assert.That(Directory.Exists(folder["graphs"]), Is.False, "graphs were left");
    }

    [Test]
    public void BytesPerToken_AreThoseOfMatricesAndCache()
    {
        using var folder = new TemporaryFolder();
        var (shape, checkpoint) = (ExportShape.Tiny, RandomCheckpoint.Generate(folder.Root, ExportShape.Tiny));
        var graph = GraphFile.Write(checkpoint, folder["g.onnx"], ExportTarget.Standard, GraphPrecision.Fp32, change: null);
        var (c, keys) = (shape.Hidden, shape.Hidden / shape.Heads * shape.KeyValueHeads);
        var layer = (2 * c * c) + (2 * c * keys) + (3 * c * shape.FeedForward) + (2 * c);
        var values = (shape.Layers * (layer + (2 * keys * CallsCommand.DecodePosition))) + (c * shape.Vocabulary) + c;
        Assert.That(graph.BytesPerToken, Is.InRange(4 * values, (4 * values) + 1000), "constants are small");
    }
}
