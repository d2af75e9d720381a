using System.Globalization;
using NUnit.Framework;
using PauseOnnx.Benchmarks;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks;

public class RuntimeTableTests
{
    private static readonly Dictionary<GraphPrecision, long> Bytes = RuntimeFiles.Precisions.ToDictionary(p => p, _ => 8_000_000L);

    [Test]
    public void Verdicts_Figures_AreComparedWithWhatWasAsked()
    {
        var ours = new GenerationTimes(Load: 300, FirstToken: 500, Prefill: 100, PausedPrefill: 103, FedPauses: 206, Decode: 10, AllocatedBytes: 0, Sampling: 0.5);
        var table = new RuntimeTable(
            new(
                RuntimeFiles.Precisions.ToDictionary(p => p, _ => (IReadOnlyList<GenerationTimes>)[ours]),
                RuntimeFiles.Types.ToDictionary(t => t, _ => (IReadOnlyList<PeerTimes>)[new(1, 150, 11)]),
                new Dictionary<GraphPrecision, IReadOnlyList<PeerTimes>> { [GraphPrecision.Fp32] = [new(1, 1, 16), new(1, 1, 14), new(1, 1, 90)] },
                new Dictionary<GraphPrecision, IReadOnlyList<double>> { [GraphPrecision.BlockInt4] = [390, 350, 900] },
                new Dictionary<GraphPrecision, IReadOnlyList<double[]>> { [GraphPrecision.Fp32] = [[10, 10, 10, 16, 20, 40]] }),
            Bytes,
            bandwidth: 1e9);
        var lines = table.Verdicts().ToArray();
        Assert.That(lines, Has.Some.EqualTo("| prefill fp32 against llama.cpp f32 | >= 2.50 x | 1.50 x | missed by 40 % |"));
        Assert.That(lines, Has.Some.EqualTo("| decode int4 against llama.cpp q4_0 | >= 1.00 x | 1.10 x | yes |"));
        Assert.That(lines, Has.Some.EqualTo("| decode fp32 against the limit | >= 80 % | 80 % | yes |"));
        Assert.That(lines, Has.Some.EqualTo("| decode fp32 against transformers.js | >= 1.50 x | 1.60 x | yes |"));
        Assert.That(lines, Has.Some.EqualTo("| first token int8, 10 pauses against none | <= 1.06 x | 1.03 x | yes |"));
        Assert.That(lines, Has.Some.EqualTo("| first token int8, against pauses fed one by one | >= 3.00 x | 2.00 x | missed by 33 % |"));
        Assert.That(lines, Has.Some.EqualTo("| what pauses add to it int8, against pauses fed one by one | - | 35.3 x | - |"));
        Assert.That(lines, Has.Some.EqualTo("| bytes allocated by a step int8 | <= 0 | 0 | yes |"));
        Assert.That(lines, Has.Some.EqualTo("| sampling int8, share of a step | <= 3.0 % | 5.0 % | missed by 67 % |"));
        Assert.That(lines, Has.Some.EqualTo("| decoded tokens/s fp32, batch 8 against 1 | >= 4.00 x | 5.00 x | yes |"));
        Assert.That(lines, Has.Some.EqualTo("| load of int4 to the first token, ms | <= 400 | 500 | missed by 25 % |"));
        Assert.That(lines, Has.Some.EqualTo("| the same with OptimizedGraphFolder, ms | <= 400 | 390 | yes |"));
    }

    [Test]
    public void Measure_TinyModel_HasEveryFigureOfOurs()
    {
        using var folder = new TemporaryFolder();
        var files = new RuntimeFiles(RandomCheckpoint.Generate(folder.Root, ExportShape.Tiny), folder["files"]);
        var bytes = files.Write();
        var times = new RuntimeBench(files, node: "", ExportShape.Tiny.Vocabulary, rounds: 1, CancellationToken.None).Measure(threads: 1, new HashSet<string> { "batches" });
        files.Delete();

        var rows = new RuntimeTable(times, bytes, 1e9).Measured().Skip(2).Select(l => l.Split('|', StringSplitOptions.TrimEntries)[1..^1]).ToArray();
        Assert.That(rows.Select(r => r[0]), Is.EqualTo(RuntimeFiles.Precisions.Select(p => $"PauseOnnx {GraphPrecisions.NameOf(p)}")));
        Assert.That(rows.SelectMany(r => r[1..5]).Select(c => double.Parse(c, CultureInfo.InvariantCulture)), Has.All.GreaterThan(0));
        Assert.That(times.Batches[GraphPrecision.Fp32].Single(), Has.Length.EqualTo(BatchCommand.Sizes.Length).And.All.GreaterThan(0));
        Assert.That(times.KeptLoads[GraphPrecision.BlockInt4].Single(), Is.GreaterThan(0));
        Assert.That(times.Ours.Values.Select(t => t.Single().FedPauses), Has.All.GreaterThan(0));
    }
}
