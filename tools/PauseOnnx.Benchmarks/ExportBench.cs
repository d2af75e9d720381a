using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>Exports generated checkpoints in processes of their own.</summary>
/// <param name="folder">Where to generate and export.</param>
/// <param name="rounds">Timed runs.</param>
internal sealed class ExportBench(string folder, int rounds, CancellationToken cancellationToken)
{
    private string Exported => Path.Combine(folder, "exported");

    /// <summary>Measures a model; gives rows of the table.</summary>
    /// <exception cref="InvalidOperationException">An export failed, or two exports differ.</exception>
    public IEnumerable<string> Measure(ExportShape shape)
    {
        var (checkpoint, tiny) = (Generate(shape), Generate(ExportShape.Tiny));
        var bytes = new FileInfo(Path.Combine(checkpoint, FileNames.Weights)).Length;
        var (copies, flushed, exports, own) = (new List<double>(), new List<double>(), new List<ProcessRun>(), new List<ProcessRun>());
        var hashes = new HashSet<string>();
        for (var round = 0; round <= rounds; round++)
        {
            var (copy, copyAndFlush) = Copy(Path.Combine(checkpoint, FileNames.Weights));
            var export = Export(checkpoint);
            if (round < 2)
            {
                hashes.Add(Hash(Path.Combine(Exported, FileNames.OnnxData)));
            }

            var next = Export(tiny);
            if (round > 0)
            {
                copies.Add(copy);
                flushed.Add(copyAndFlush);
                exports.Add(export);
                own.Add(next);
            }
        }

        Directory.Delete(Exported, recursive: true);
        if (hashes.Count != 1)
        {
            throw new InvalidOperationException($"Two exports of '{checkpoint}' differ: SHA-256 {string.Join(", ", hashes)}; expected the same bytes each time.");
        }

        var seconds = exports.ConvertAll(e => e.Seconds);
        var (peak, ownPeak) = (exports.Max(e => e.PeakBytes), Median(own.ConvertAll(e => (double)e.PeakBytes)));
        var name = string.Create(CultureInfo.InvariantCulture, $"{shape.Name} | {bytes / 1e9:F2} GB");
        yield return $"| {name} | cp | {Format(copies)} | 1.00 x | | | |";
        yield return $"| {name} | cp, then flushed to the disk | {Format(flushed)} | | 1.00 x | | |";
        yield return string.Create(CultureInfo.InvariantCulture,
            $"| {name} | export, flushed, with SHA-256 of the checkpoint | {Format(seconds)} | {Median(seconds) / Median(copies):F2} x | {Median(seconds) / Median(flushed):F2} x | {peak / 1e6:F0} MB | {(peak - ownPeak) / 1e6:F0} MB |");
    }

    private string Generate(ExportShape shape)
    {
        var checkpoint = Path.Combine(folder, $"checkpoint-{shape.Name}");
        RandomCheckpoint.Write(checkpoint, shape.CreateConfig());
        return checkpoint;
    }

    private ProcessRun Export(string checkpoint)
    {
        if (Directory.Exists(Exported))
        {
            Directory.Delete(Exported, recursive: true);
        }

        return ProcessRun.Of("dotnet", [Path.Combine(AppContext.BaseDirectory, "pauseonnx.dll"), "export", checkpoint, "--out", Exported, "--verify", "none"], cancellationToken);
    }

    private (double Copy, double CopyAndFlush) Copy(string file)
    {
        var copy = Path.Combine(folder, "copy");
        var clock = Stopwatch.StartNew();
        var run = ProcessRun.Of("cp", [file, copy], cancellationToken);
        using (var handle = File.OpenHandle(copy, FileMode.Open, FileAccess.ReadWrite))
        {
            RandomAccess.FlushToDisk(handle);
        }

        var both = clock.Elapsed.TotalSeconds;
        File.Delete(copy);
        return (run.Seconds, both);
    }

    private static string Hash(string file)
    {
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }

    private static string Format(List<double> seconds) =>
        string.Create(CultureInfo.InvariantCulture, $"{Median(seconds):F2} ({seconds.Min():F2})");

    private static double Median(List<double> values) => values.Order().ElementAt(values.Count / 2);
}
