using System.Diagnostics;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>Exports generated checkpoints, each time in a process of its own.</summary>
/// <param name="folder">Where to generate and export.</param>
/// <param name="precisions">Precisions, by the names that <c>pauseonnx export</c> has for them.</param>
/// <param name="rounds">Timed runs of each, after one that is not.</param>
internal sealed class ExportBench(string folder, IReadOnlyList<string> precisions, int rounds, CancellationToken cancellationToken)
{
    private const double Mega = 1e6;

    /// <summary>What the table shows.</summary>
    public const string About =
        "`pauseonnx export --target standard --verify none` in a process of its own, flushed to the disk, with SHA-256 of the checkpoint, in turn with `cp` of the checkpoint: the median, the fastest in brackets. Two exports have the same bytes.";

    /// <summary>Measures models.</summary>
    /// <exception cref="InvalidOperationException">An export failed, or two exports differ.</exception>
    public MarkdownTable Measure(IReadOnlyList<ExportShape> shapes)
    {
        var table = new MarkdownTable(
            "model", "checkpoint", "what", "seconds", "MB/s of checkpoint", "against cp", "against cp, flushed", "peak RSS", "above an export of next to nothing");
        foreach (var shape in shapes)
        {
            Measure(table, shape);
        }

        return table;
    }

    private void Measure(MarkdownTable table, ExportShape shape)
    {
        var (checkpoint, tiny) = (RandomCheckpoint.Generate(folder, shape), RandomCheckpoint.Generate(folder, ExportShape.Tiny));
        var (copies, flushes) = (new List<double>(), new List<double>());
        var exports = precisions.ToDictionary(p => p, _ => (Runs: new List<ProcessRun>(), Own: new List<ProcessRun>(), Hashes: new HashSet<string>()));
        for (var round = 0; round <= rounds; round++)
        {
            Console.Error.WriteLine($"exports of {shape.Name}, {(round == 0 ? "not timed" : $"round {round} of {rounds}")}");
            var (copy, flushed) = Copy(Path.Combine(checkpoint, FileNames.Weights));
            copies.Add(copy);
            flushes.Add(flushed);
            foreach (var (precision, (runs, own, hashes)) in exports)
            {
                runs.Add(Export(checkpoint, precision));
                if (round < 2)
                {
                    hashes.Add(HashOfExport());
                }

                own.Add(Export(tiny, precision));
            }
        }

        foreach (var (precision, (_, _, hashes)) in exports)
        {
            if (hashes.Count > 1)
            {
                throw new InvalidOperationException($"Two exports of '{checkpoint}' in {precision} differ: SHA-256 {string.Join(", ", hashes)}; expected the same bytes each time.");
            }
        }

        Clean();
        var bytes = new FileInfo(Path.Combine(checkpoint, FileNames.Weights)).Length;
        AddRows(table, shape.Name, bytes, Timed(copies), Timed(flushes), exports.Select(e => (e.Key, Timed(e.Value.Runs), Timed(e.Value.Own))));
    }

    private static List<T> Timed<T>(List<T> runs) => runs[1..];

    private static void AddRows(
        MarkdownTable table, string name, long bytes, List<double> copies, List<double> flushes, IEnumerable<(string Precision, List<ProcessRun> Runs, List<ProcessRun> Own)> exports)
    {
        void Add(string what, List<double> seconds, params string[] memory)
        {
            var median = seconds.Median();
            string[] speed = [seconds.MedianAndLeast("F2"), $"{bytes / Mega / median:F0}", $"{median / copies.Median():F2} x", $"{median / flushes.Median():F2} x"];
            table.Add([name, $"{bytes / Mega:F0} MB", what, .. speed, .. memory]);
        }

        Add("cp", copies, "", "");
        Add("cp, flushed", flushes, "", "");
        foreach (var (precision, runs, own) in exports)
        {
            var (peak, ownPeak) = (runs.Max(r => r.PeakBytes), own.ConvertAll(r => (double)r.PeakBytes).Median());
            Add($"export {precision}", runs.ConvertAll(r => r.Seconds), $"{peak / Mega:F0} MB", $"{(peak - ownPeak) / Mega:F0} MB");
        }
    }

    private ProcessRun Export(string checkpoint, string precision)
    {
        Prepare(Path.Combine(checkpoint, FileNames.Weights));
        string[] arguments = ["export", checkpoint, "--out", Path.Combine(folder, "exported"), "--target", "standard", "--precision", precision, "--verify", "none"];
        return ProcessRun.Of("dotnet", [Path.Combine(AppContext.BaseDirectory, "pauseonnx.dll"), .. arguments], cancellationToken);
    }

    private (double Copy, double Flushed) Copy(string file)
    {
        Prepare(file);
        var copy = Path.Combine(folder, "copy");
        var clock = Stopwatch.StartNew();
        var run = ProcessRun.Of("cp", [file, copy], cancellationToken);
        using var handle = File.OpenHandle(copy, FileMode.Open, FileAccess.ReadWrite);
        RandomAccess.FlushToDisk(handle);
        return (run.Seconds, clock.Elapsed.TotalSeconds);
    }

    // Each run begins alike: nothing of the run before, memory for what it writes at hand, and the checkpoint in the page cache.
    private void Prepare(string checkpoint)
    {
        Clean();
        TouchMemory(new FileInfo(checkpoint).Length);
        using var stream = new FileStream(checkpoint, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var buffer = new byte[1 << 20];
        while (stream.Read(buffer) > 0)
        {
        }
    }

    // The host of a virtual machine takes free memory away, and to give it back takes it longer than a copy does.
    private static unsafe void TouchMemory(long bytes)
    {
        var memory = (byte*)NativeMemory.Alloc((nuint)bytes);
        for (var i = 0L; i < bytes; i += Environment.SystemPageSize)
        {
            memory[i] = 1;
        }

        NativeMemory.Free(memory);
    }

    private void Clean()
    {
        File.Delete(Path.Combine(folder, "copy"));
        var exported = Path.Combine(folder, "exported");
        if (Directory.Exists(exported))
        {
            Directory.Delete(exported, recursive: true);
        }
    }

    private string HashOfExport()
    {
        var file = Directory.EnumerateFiles(Path.Combine(folder, "exported"), "*" + FileNames.DataSuffix, SearchOption.AllDirectories).Single();
        using var stream = File.OpenRead(file);
        return Convert.ToHexStringLower(SHA256.HashData(stream));
    }
}
