using TorchSharp;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// What our own float32 loops over tensors have in common: they run where libtorch has no fused operation of its own, and
/// pass over memory once instead of once for each step of a formula.
/// </summary>
internal static unsafe class KernelMemory
{
    // Below this a second thread takes longer to wake than the work does.
    private const long ElementsWorthThreads = 1 << 16;
    private const int ElementsAChunk = 1 << 14;

    /// <summary>Whether the loops can take a tensor: float32, in this process's memory, without gaps.</summary>
    public static bool CanTake(Tensor x) => x.dtype == ScalarType.Float32 && x.device_type == DeviceType.CPU && x.is_contiguous();

    /// <summary>Address of a tensor's first element.</summary>
    public static float* AddressOf(Tensor x) => (float*)TensorMemory.AddressOf(x);

    /// <summary>Runs a loop over rows, on as many threads as libtorch uses.</summary>
    /// <param name="rows">Number of rows.</param>
    /// <param name="width">Elements of a row.</param>
    /// <param name="body">Takes the number of a chunk, its first row and the row after its last.</param>
    public static void ForRows(long rows, long width, Action<int, long, long> body)
    {
        var step = RowsAChunk(width);
        void Run(int chunk) => body(chunk, chunk * step, Math.Min(rows, (chunk + 1) * step));
        var chunks = Chunks(rows, width);
        if (rows * width < ElementsWorthThreads || get_num_threads() == 1)
        {
            for (var chunk = 0; chunk < chunks; chunk++)
            {
                Run(chunk);
            }

            return;
        }

        Parallel.For(0, chunks, new ParallelOptions { MaxDegreeOfParallelism = get_num_threads() }, Run);
    }

    /// <summary>Number of chunks that <see cref="ForRows"/> makes; the same for any number of threads.</summary>
    public static int Chunks(long rows, long width) => (int)((rows + RowsAChunk(width) - 1) / RowsAChunk(width));

    private static long RowsAChunk(long width) => Math.Max(1, ElementsAChunk / width);
}
