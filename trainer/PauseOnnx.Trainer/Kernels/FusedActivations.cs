using System.Runtime.Intrinsics;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// GELU by its tanh approximation, x / (1 + exp(-2u)) with u = sqrt(2/pi) (x + 0.044715 x^3): libtorch's loop over the same
/// formula takes four times as long. Inputs of any shape that <see cref="KernelMemory.CanTake"/>.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/1606.08415">Hendrycks and Gimpel</see>.</remarks>
internal sealed unsafe class FusedGelu : autograd.SingleTensorFunction<FusedGelu>
{
    private const float Cubic = 0.044715f;
    private const float TwiceRootOfTwoOverPi = 1.5957691216057308f;

    /// <inheritdoc/>
    public override string Name => nameof(FusedGelu);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        var x = (Tensor)inputs[0];
        ctx.save_for_backward([x]);
        var y = empty_like(x);
        var (source, target) = ((IntPtr)KernelMemory.AddressOf(x), (IntPtr)KernelMemory.AddressOf(y));
        KernelMemory.ForRows(x.numel(), 1, (_, start, end) => Forward((float*)source, (float*)target, start, end));
        return y;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        using var x = ctx.get_saved_variables()[0];
        using var g = gradOutput.contiguous();
        var dx = empty_like(x);
        var (source, gradient, target) = ((IntPtr)KernelMemory.AddressOf(x), (IntPtr)KernelMemory.AddressOf(g), (IntPtr)KernelMemory.AddressOf(dx));
        KernelMemory.ForRows(x.numel(), 1, (_, start, end) => Backward((float*)source, (float*)gradient, (float*)target, start, end));
        ctx.Dispose();
        return [dx];
    }

    private static void Forward(float* x, float* y, long start, long end)
    {
        var i = start;
        for (; i <= end - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var v = Vector512.Load(x + i);
            (v * Gate(v)).Store(y + i);
        }

        for (; i < end; i++)
        {
            var v = Vector512.Create(x[i]);
            y[i] = (v * Gate(v))[0];
        }
    }

    private static void Backward(float* x, float* g, float* dx, long start, long end)
    {
        var i = start;
        for (; i <= end - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            (Vector512.Load(g + i) * Slope(Vector512.Load(x + i))).Store(dx + i);
        }

        for (; i < end; i++)
        {
            dx[i] = g[i] * Slope(Vector512.Create(x[i]))[0];
        }
    }

    // 1 / (1 + exp(-2u))
    private static Vector512<float> Gate(Vector512<float> x)
    {
        var twiceU = Vector512.Create(TwiceRootOfTwoOverPi) * x * (Vector512<float>.One + (Vector512.Create(Cubic) * x * x));
        return Vector512<float>.One / (Vector512<float>.One + Vector512.Exp(-twiceU));
    }

    private static Vector512<float> Slope(Vector512<float> x)
    {
        var gate = Gate(x);
        var inner = Vector512.Create(TwiceRootOfTwoOverPi) * (Vector512<float>.One + (Vector512.Create(3 * Cubic) * x * x));
        return gate + (x * gate * (Vector512<float>.One - gate) * inner);
    }
}

/// <summary>
/// SwiGLU's inner part, silu(gate) * up, in one pass. Two inputs of the same shape that <see cref="KernelMemory.CanTake"/>.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/2002.05202">Shazeer</see>.</remarks>
internal sealed unsafe class FusedSwiGlu : autograd.SingleTensorFunction<FusedSwiGlu>
{
    /// <inheritdoc/>
    public override string Name => nameof(FusedSwiGlu);

    /// <inheritdoc/>
    public override Tensor forward(autograd.AutogradContext ctx, params object[] inputs)
    {
        var (gate, up) = ((Tensor)inputs[0], (Tensor)inputs[1]);
        ctx.save_for_backward([gate, up]);
        var y = empty_like(up);
        var (a, b, target) = ((IntPtr)KernelMemory.AddressOf(gate), (IntPtr)KernelMemory.AddressOf(up), (IntPtr)KernelMemory.AddressOf(y));
        KernelMemory.ForRows(up.numel(), 1, (_, start, end) => Forward((float*)a, (float*)b, (float*)target, start, end));
        return y;
    }

    /// <inheritdoc/>
    public override List<Tensor> backward(autograd.AutogradContext ctx, Tensor gradOutput)
    {
        var saved = ctx.get_saved_variables();
        using var gate = saved[0];
        using var up = saved[1];
        using var g = gradOutput.contiguous();
        var (dGate, dUp) = (empty_like(gate), empty_like(up));
        var (a, b, gradient) = ((IntPtr)KernelMemory.AddressOf(gate), (IntPtr)KernelMemory.AddressOf(up), (IntPtr)KernelMemory.AddressOf(g));
        var (da, db) = ((IntPtr)KernelMemory.AddressOf(dGate), (IntPtr)KernelMemory.AddressOf(dUp));
        KernelMemory.ForRows(up.numel(), 1, (_, start, end) => Backward((float*)a, (float*)b, (float*)gradient, (float*)da, (float*)db, start, end));
        ctx.Dispose();
        return [dGate, dUp];
    }

    private static void Forward(float* gate, float* up, float* y, long start, long end)
    {
        var i = start;
        for (; i <= end - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var a = Vector512.Load(gate + i);
            (a * Sigmoid(a) * Vector512.Load(up + i)).Store(y + i);
        }

        for (; i < end; i++)
        {
            y[i] = gate[i] * Sigmoid(Vector512.Create(gate[i]))[0] * up[i];
        }
    }

    private static void Backward(float* gate, float* up, float* g, float* dGate, float* dUp, long start, long end)
    {
        var i = start;
        for (; i <= end - Vector512<float>.Count; i += Vector512<float>.Count)
        {
            var (a, b, gradient) = (Vector512.Load(gate + i), Vector512.Load(up + i), Vector512.Load(g + i));
            var sigmoid = Sigmoid(a);
            (gradient * b * sigmoid * (Vector512<float>.One + (a * (Vector512<float>.One - sigmoid)))).Store(dGate + i);
            (gradient * a * sigmoid).Store(dUp + i);
        }

        for (; i < end; i++)
        {
            var sigmoid = Sigmoid(Vector512.Create(gate[i]))[0];
            dGate[i] = g[i] * up[i] * sigmoid * (1 + (gate[i] * (1 - sigmoid)));
            dUp[i] = g[i] * gate[i] * sigmoid;
        }
    }

    private static Vector512<float> Sigmoid(Vector512<float> x) => Vector512<float>.One / (Vector512<float>.One + Vector512.Exp(-x));
}
