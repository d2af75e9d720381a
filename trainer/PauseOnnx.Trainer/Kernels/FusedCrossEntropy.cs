using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// Cross entropy and its gradient, (softmax - one-hot) * scale, in the place of the logits: each row is read from memory and
/// written back once, where libtorch's operations pass over all rows five times.
/// </summary>
internal static unsafe class FusedCrossEntropy
{
    /// <summary>Turns logits into the gradient of their loss.</summary>
    /// <param name="logits">(n, V) that <see cref="KernelMemory.CanTake"/>; overwritten.</param>
    /// <param name="targets">[n]: the id to predict in each row.</param>
    /// <param name="scale">What the gradient is multiplied by.</param>
    /// <returns>The loss summed over the rows, in nats; the number of threads changes no bit of it.</returns>
    public static double Replace(Tensor logits, ReadOnlySpan<long> targets, float scale)
    {
        var (width, address) = ((int)logits.shape[1], (nint)KernelMemory.AddressOf(logits));
        var (expected, losses) = (targets.ToArray(), new double[targets.Length]);
        KernelMemory.ForRows(losses.Length, width, (_, start, end) =>
        {
            for (var row = start; row < end; row++)
            {
                losses[row] = ReplaceRow((float*)address + (row * width), width, (int)expected[row], scale);
            }
        });
        return losses.Sum();
    }

    private static double ReplaceRow(float* row, int width, int target, float scale)
    {
        var highest = Highest(row, width);
        var chosen = row[target] - highest;
        var sum = Exponentials(row, width, highest);
        var factor = scale / sum;
        var i = 0;
        for (; i <= width - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            (Vector512.Load(row + i) * factor).Store(row + i);
        }

        for (; i < width; i++)
        {
            row[i] *= factor;
        }

        row[target] -= scale;
        return Math.Log(sum) - chosen;
    }

    private static float Highest(float* row, int width)
    {
        var (highest, i) = (Vector512.Create(float.NegativeInfinity), 0);
        for (; i <= width - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            highest = Vector512.Max(highest, Vector512.Load(row + i));
        }

        var result = float.NegativeInfinity;
        for (var lane = 0; lane < Vector512<float>.Count; lane++)
        {
            result = Math.Max(result, highest[lane]);
        }

        for (; i < width; i++)
        {
            result = Math.Max(result, row[i]);
        }

        return result;
    }

    // Puts exp(x - highest) in the place of each x, and returns their sum.
    private static float Exponentials(float* row, int width, float highest)
    {
        var (shift, sums, i) = (Vector512.Create(highest), Vector512<float>.Zero, 0);
        for (; i <= width - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var e = Vector512.Exp(Vector512.Load(row + i) - shift);
            e.Store(row + i);
            sums += e;
        }

        var sum = Vector512.Sum(sums);
        for (; i < width; i++)
        {
            row[i] = MathF.Exp(row[i] - highest);
            sum += row[i];
        }

        return sum;
    }
}
