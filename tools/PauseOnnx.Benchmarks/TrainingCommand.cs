using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Benchmarks;

/// <summary><c>pauseonnx-bench training</c>: the trainer beside PyTorch, step by step in turn.</summary>
internal static class TrainingCommand
{
    private const double FewPositions = 0.1;
    private const int MemorySteps = 2000;

    // OpenBLAS does not know every processor; its best kernels for this one are found by trying.
    private static readonly string[] Kernels = ["", "SKYLAKEX", "COOPERLAKE", "SAPPHIRERAPIDS", "ZEN", "HASWELL"];

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var shapes = new Option<string>("--shapes") { Description = "Models, by name.", DefaultValueFactory = _ => "14m,110m" };
        var threads = new Option<string>("--threads") { Description = "Numbers of threads.", DefaultValueFactory = _ => "1,2" };
        var rounds = new Option<int>("--rounds") { Description = "Steps of each contestant that are timed, after one that is not.", DefaultValueFactory = _ => 7 }.Positive();
        var python = new Option<string>("--python") { Description = "A Python with PyTorch; without one the peer is left out, and the table says so.", DefaultValueFactory = _ => "/usr/bin/python3" };
        var output = new Option<string?>("--out") { Description = "Markdown file to write. Default: standard output only." };
        var command = new Command("training", """
            Times training steps of the same model, on the same batch, in this trainer and in PyTorch, a step of each in turn,
            and prints them beside the highest rate at which this machine multiplies matrices. Close other programs first: each
            column gives the median and, in brackets, the fastest step.

            Examples:
              pauseonnx-bench training --out docs/training-speed.md
              pauseonnx-bench training --shapes 14m --threads 1 --rounds 3
            """) { shapes, threads, rounds, python, output };
        command.SetAction((parsed, cancellationToken) => Task.Run(
            () =>
            {
                var machine = $"{Machine.Describe($"libtorch {TorchSharp.torch.__version__}")} Median of the timed steps, the fastest in brackets.";
                var peer = FindPeer(parsed.GetRequiredValue(python));
                var table = new MarkdownTable("model", "threads", "what", "ms a step", "tokens/s", "against PyTorch fp32", "share of the matrix peak", "peak RSS");
                foreach (var (shape, count) in CommaList.Split(parsed.GetRequiredValue(shapes)).SelectMany(s => CommaList.Split(parsed.GetRequiredValue(threads)).Select(t => (TrainingShape.Of(s), int.Parse(t, CultureInfo.InvariantCulture)))))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    Measure(table, shape, count, parsed.GetValue(rounds), peer is null ? null : parsed.GetRequiredValue(python), cancellationToken);
                }

                var about = peer is null ? "PyTorch was not found and is left out." : $"Peer: {peer}.";
                string[] end = [Memory(cancellationToken), "", "Regenerate with `dotnet run -c Release --project tools/PauseOnnx.Benchmarks -- training --out docs/training-speed.md`."];
                MarkdownTable.Publish(["# Speed of training", "", machine, "", about, "", .. table.Lines, "", .. end], parsed.GetValue(output));
            },
            cancellationToken));
        return command;
    }

    private static string? FindPeer(string python)
    {
        try
        {
            using var peer = StartPeer(python, TrainingShape.Of("1m"), threads: 1, kernels: "");
            return $"PyTorch {peer.About.GetProperty("version").GetString()}, OpenBLAS with the kernels that were fastest here";
        }
        catch (Exception e) when (e is InvalidOperationException or System.ComponentModel.Win32Exception)
        {
            Console.Error.WriteLine($"warning: no PyTorch to compare with: {e.Message} On Debian: apt-get install python3-torch.");
            return null;
        }
    }

    private static void Measure(MarkdownTable table, TrainingShape shape, int threads, int rounds, string? python, CancellationToken cancellationToken)
    {
        var kernels = python is null ? "" : Kernels.MinBy(k => TrySteps(python, shape, threads, k));
        var peak = Peak(threads);
        using var full = StartOurs(shape, "fp32", 1, threads);
        using var half = StartOurs(shape, "bf16", 1, threads);
        using var few = StartOurs(shape, "fp32", FewPositions, threads);
        using var torch = python is null ? null : StartPeer(python, shape, threads, kernels!);
        var contestants = new (string Name, StepProcess? Process, double Peak, double LossFraction)[]
        {
            ($"PyTorch fp32{(string.IsNullOrEmpty(kernels) ? "" : $" ({kernels})")}", torch, peak.Single, 1),
            ("PauseOnnx fp32", full, peak.Single, 1),
            ("PauseOnnx bf16", half, peak.Half, 1),
            ("PauseOnnx fp32, 10 % of positions carry loss", few, peak.Single, FewPositions),
        }.Where(c => c.Process is not null).ToArray();
        var times = contestants.Select(_ => new List<double>()).ToArray();
        var memory = new long[contestants.Length];
        for (var round = 0; round <= rounds; round++)
        {
            for (var i = 0; i < contestants.Length; i++)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var answer = contestants[i].Process!.Step();
                memory[i] = answer.TryGetProperty("peak", out var rss) ? rss.GetInt64() : 0;
                if (round > 0)
                {
                    times[i].Add(answer.GetProperty("seconds").GetDouble());
                }
            }
        }

        double? reference = torch is null ? null : times[0].Median();
        table.Add(shape.Name, $"{threads}", $"matrix products, measured: {peak.Single:F0} GFLOP/s fp32, {peak.Half:F0} bf16", "", "", "", "", "");
        for (var i = 0; i < contestants.Length; i++)
        {
            var median = times[i].Median();
            var share = shape.Operations(contestants[i].LossFraction) / median / 1e9 / contestants[i].Peak;
            table.Add(
                shape.Name,
                $"{threads}",
                contestants[i].Name,
                times[i].ConvertAll(t => 1000 * t).MedianAndLeast("F0"),
                $"{shape.Tokens / median:F0}",
                reference is { } r ? $"{r / median:F2} x" : "-",
                $"{share:P0}",
                memory[i] > 0 ? $"{memory[i] / 1e9:F2} GB" : "-");
        }
    }

    // Thousands of steps of a small model: what leaks shows in the number of tensors and in the memory of the process.
    private static string Memory(CancellationToken cancellationToken)
    {
        using var process = StartOurs(TrainingShape.Of("1m"), "fp32", 1, threads: 1);
        var (live, first, last) = (new HashSet<long>(), 0L, 0L);
        for (var step = 1; step <= MemorySteps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var answer = process.Step();
            live.Add(answer.GetProperty("live").GetInt64());
            last = answer.GetProperty("rss").GetInt64();
            first = step == MemorySteps / 10 ? last : first;
        }

        return string.Create(CultureInfo.InvariantCulture,
            $"Memory of {MemorySteps} steps of model 1m: live tensors after each step {string.Join(", ", live)}; RSS {first / 1e6:F0} MB after a tenth of them, {last / 1e6:F0} MB at the end ({(100.0 * last / first) - 100:+0.0;-0.0;0} %).");
    }

    private static double TrySteps(string python, TrainingShape shape, int threads, string kernels)
    {
        using var peer = StartPeer(python, shape, threads, kernels);
        peer.Step();
        return peer.Step().GetProperty("seconds").GetDouble();
    }

    private static (double Single, double Half) Peak(int threads)
    {
        var start = new ProcessStartInfo(Environment.ProcessPath!) { RedirectStandardOutput = true };
        foreach (var argument in StepProcess.Self("products", $"{threads}"))
        {
            start.ArgumentList.Add(argument);
        }

        using var process = Process.Start(start)!;
        var rates = process.StandardOutput.ReadToEnd().Split(' ').Select(r => double.Parse(r, CultureInfo.InvariantCulture)).ToArray();
        return (rates[0], rates[1]);
    }

    private static StepProcess StartOurs(TrainingShape shape, string precision, double lossFraction, int threads) =>
        StepProcess.Ours("steps", shape.Name, precision, lossFraction.ToString(CultureInfo.InvariantCulture), $"{threads}");

    private static StepProcess StartPeer(string python, TrainingShape shape, int threads, string kernels)
    {
        var environment = new Dictionary<string, string> { ["OPENBLAS_NUM_THREADS"] = $"{threads}", ["OMP_NUM_THREADS"] = $"{threads}" };
        if (kernels.Length > 0)
        {
            environment["OPENBLAS_CORETYPE"] = kernels;
        }

        int[] numbers = [shape.Layers, shape.Hidden, shape.Heads, shape.Vocabulary, shape.BatchSize, shape.Length, threads];
        return new(python, [Path.Combine(AppContext.BaseDirectory, "peers", "pytorch_training.py"), .. numbers.Select(n => $"{n}")], environment);
    }
}
