using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using static TorchSharp.torch;

namespace PauseOnnx.Benchmarks;

/// <summary><c>pauseonnx-bench products</c>: how fast this machine multiplies matrices, the limit of every training step.</summary>
internal static class ProductsCommand
{
    private const int Repetitions = 12;

    // Rows, inner and columns: a square, and the products of the shapes that are trained.
    private static readonly (int M, int K, int N)[] Products = [(1024, 1024, 1024), (2048, 384, 1536), (2048, 1536, 384), (1024, 768, 3072)];

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var threads = new Argument<int>("THREADS");
        var command = new Command("products", "Prints the highest rate of matrix products in GFLOP/s, float32 and bfloat16; what 'training' runs.") { threads };
        command.Hidden = true;
        command.SetAction(parsed =>
        {
            set_num_threads(parsed.GetValue(threads));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{Highest(ScalarType.Float32):F1} {Highest(ScalarType.BFloat16):F1}"));
        });
        return command;
    }

    private static double Highest(ScalarType type) => Products.Max(p =>
    {
        using var scope = NewDisposeScope();
        var (a, b) = (randn(p.M, p.K).to(type), randn(p.N, p.K).to(type).t());
        var best = double.PositiveInfinity;
        for (var i = 0; i < Repetitions; i++)
        {
            var clock = Stopwatch.StartNew();
            a.matmul(b).Dispose();
            best = Math.Min(best, clock.Elapsed.TotalSeconds);
        }

        return 2.0 * p.M * p.K * p.N / best / 1e9;
    });
}
