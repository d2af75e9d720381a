using static System.Numerics.Tensors.TensorPrimitives;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// RMSNorm, x / sqrt(mean(x^2) + eps) * scale over the last dimension, in one pass. Inputs: x (..., C) that
/// <see cref="KernelMemory.CanTake"/>, scale (C), eps.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/1910.07467">Zhang and Sennrich</see>. The number of threads changes no bit.</remarks>
internal sealed unsafe class FusedRmsNorm : autograd.SingleTensorFunction<FusedRmsNorm>
{
    private const string Epsilon = "eps";

    /// <inheritdoc/>
    public override string Name => nameof(FusedRmsNorm);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        var (x, scale, eps) = ((Tensor)inputs[0], (Tensor)inputs[1], (double)inputs[2]);
        ctx.save_for_backward([x, scale]);
        ctx.save_data(Epsilon, eps);
        var (y, width) = (empty_like(x), (int)scale.numel());
        var (source, weight, target) = ((IntPtr)KernelMemory.AddressOf(x), (IntPtr)KernelMemory.AddressOf(scale), (IntPtr)KernelMemory.AddressOf(y));
        KernelMemory.ForRows(x.numel() / width, width, (_, start, end) =>
        {
            var w = new ReadOnlySpan<float>((float*)weight, width);
            for (var row = start; row < end; row++)
            {
                var from = new ReadOnlySpan<float>((float*)source + (row * width), width);
                var to = new Span<float>((float*)target + (row * width), width);
                Multiply(from, InverseRoot(from, eps), to);
                Multiply(to, w, to);
            }
        });
        return y;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        var saved = ctx.get_saved_variables();
        using var x = saved[0];
        using var scale = saved[1];
        using var g = gradOutput.contiguous();
        var (eps, width) = ((double)ctx.get_data(Epsilon), (int)scale.numel());
        var rows = x.numel() / width;
        var (dx, dScale) = (empty_like(x), empty_like(scale));
        var sums = new float[KernelMemory.Chunks(rows, width)][];
        var (source, weight, gradient, target) =
            ((IntPtr)KernelMemory.AddressOf(x), (IntPtr)KernelMemory.AddressOf(scale), (IntPtr)KernelMemory.AddressOf(g), (IntPtr)KernelMemory.AddressOf(dx));
        KernelMemory.ForRows(rows, width, (chunk, start, end) =>
        {
            sums[chunk] = new float[width];
            var w = new ReadOnlySpan<float>((float*)weight, width);
            for (var row = start; row < end; row++)
            {
                var from = new ReadOnlySpan<float>((float*)source + (row * width), width);
                var slope = new ReadOnlySpan<float>((float*)gradient + (row * width), width);
                Backward(from, slope, w, new Span<float>((float*)target + (row * width), width), sums[chunk], eps);
            }
        });

        // In the order of the chunks, whichever thread did them.
        var total = new Span<float>(KernelMemory.AddressOf(dScale), width);
        total.Clear();
        foreach (var sum in sums)
        {
            Add(total, sum, total);
        }

        ctx.Dispose();
        return [dx, dScale, null!];
    }

    // With r = 1 / sqrt(mean(x^2) + eps): dx = r (g w) - x r^3 mean(g w x), and dw grows by g x r.
    private static void Backward(ReadOnlySpan<float> x, ReadOnlySpan<float> g, ReadOnlySpan<float> w, Span<float> dx, Span<float> dw, double eps)
    {
        var r = InverseRoot(x, eps);
        Multiply(g, x, dx);
        MultiplyAdd(dx, r, dw, dw);
        var mean = Dot(dx, w) / x.Length;
        Multiply(g, w, dx);
        Multiply(dx, r, dx);
        MultiplyAdd(x, -r * r * r * mean, dx, dx);
    }

    private static float InverseRoot(ReadOnlySpan<float> x, double eps) => (float)(1 / Math.Sqrt((SumOfSquares(x) / (double)x.Length) + eps));
}
