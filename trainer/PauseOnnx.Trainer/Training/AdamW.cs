using TorchSharp;
using static System.Numerics.Tensors.TensorPrimitives;

namespace PauseOnnx.Trainer;

/// <summary>Settings of <see cref="AdamW"/> that stay the same over a run.</summary>
public sealed record AdamWOptions
{
    /// <summary>Decay of the running mean of gradients, fraction 0-1.</summary>
    public double Beta1 { get; init; } = 0.9;

    /// <summary>Decay of the running mean of squared gradients, fraction 0-1.</summary>
    public double Beta2 { get; init; } = 0.95;

    /// <summary>Added to the root of the second moment.</summary>
    public double Eps { get; init; } = 1e-8;

    /// <summary>Fraction of a matrix that is taken off each step, times the learning rate; norms and biases are left alone.</summary>
    public double WeightDecay { get; init; }

    /// <summary>Largest norm of all gradients together; longer ones are scaled down to it. 0 for no limit.</summary>
    public double Clip { get; init; } = 1;
}

/// <summary>
/// Adam with decoupled weight decay and clipping by global norm, in one pass over the flat buffers of <see cref="Parameters"/>:
/// by vector instructions on the processor, by libtorch's fused operator on a GPU.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter, algorithm 2</see>. Not thread-safe.</remarks>
/// <param name="parameters">What is trained.</param>
/// <param name="options">Settings.</param>
public sealed class AdamW(Parameters parameters, AdamWOptions options) : IDisposable
{
    // A chunk's four spans fit the first-level cache, so that the operations below cost one pass over memory.
    private const int ChunkLength = 2048;
    private const int ChunksWorthThreads = 128;

    /// <summary>Running mean of gradients, laid out as the parameters.</summary>
    public FlatBuffer FirstMoment { get; } = new(parameters.Count, torch.ScalarType.Float32, parameters.Device);

    /// <summary>Running mean of squared gradients, laid out as the parameters.</summary>
    public FlatBuffer SecondMoment { get; } = new(parameters.Count, torch.ScalarType.Float32, parameters.Device);

    /// <summary>Steps taken; restored together with the moments.</summary>
    public int StepCount { get; set; }

    private int Chunks => (int)((parameters.Count + ChunkLength - 1) / ChunkLength);

    private ParallelOptions Threads => new() { MaxDegreeOfParallelism = Chunks < ChunksWorthThreads ? 1 : torch.get_num_threads() };

    /// <summary>Updates the parameters from their gradients and sets the gradients to zero.</summary>
    /// <param name="learningRate">Of this step.</param>
    /// <param name="gradients">Laid out as the parameters, float32 or bfloat16.</param>
    /// <returns>Norm of all gradients before clipping. When it is not finite, nothing was changed.</returns>
    public double Step(double learningRate, FlatBuffer gradients)
    {
        var norm = gradients.IsOnProcessor ? Norm(gradients) : FusedAdamW.Norm(gradients.Tensor);
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        StepCount++;
        var scale = options.Clip > 0 && norm > options.Clip ? options.Clip / norm : 1;
        if (gradients.IsOnProcessor)
        {
            UpdateOnProcessor(learningRate, gradients, (float)scale);
        }
        else
        {
            FusedAdamW.Update(parameters, FirstMoment, SecondMoment, gradients, scale, StepCount, learningRate, options);
        }

        return norm;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        FirstMoment.Dispose();
        SecondMoment.Dispose();
    }

    // Summed chunk by chunk, so that the number of threads does not change the result.
    private double Norm(FlatBuffer gradients)
    {
        var squares = new double[Chunks];
        Parallel.For(0, Chunks, Threads, chunk =>
        {
            Span<float> scratch = stackalloc float[ChunkLength];
            squares[chunk] = SumOfSquares<float>(AsFloat(gradients, chunk, scratch));
        });
        return Math.Sqrt(Sum<double>(squares));
    }

    private void UpdateOnProcessor(double learningRate, FlatBuffer gradients, float scale)
    {
        var rate = (float)(learningRate / (1 - Math.Pow(options.Beta1, StepCount)));
        var root = (float)(1 / Math.Sqrt(1 - Math.Pow(options.Beta2, StepCount)));
        var decay = (float)(1 - (learningRate * options.WeightDecay));
        Parallel.For(0, Chunks, Threads, chunk =>
        {
            var (start, length) = PlaceOf(chunk);
            var p = parameters.Values.Span<float>(start, length);
            var matrices = p[..(int)Math.Clamp(parameters.DecayedCount - start, 0, length)];
            Multiply(matrices, decay, matrices);
            Span<float> scratch = stackalloc float[ChunkLength];
            var g = AsFloat(gradients, chunk, scratch);
            Update(p, g, FirstMoment.Span<float>(start, length), SecondMoment.Span<float>(start, length), scale, rate, root);
            if (gradients.Type == torch.ScalarType.Float32)
            {
                g.Clear();
            }
            else
            {
                gradients.Span<ushort>(start, length).Clear();
            }

            if (parameters.Precision == Precision.Bf16)
            {
                BFloat16Bits.Round(p, parameters.Rounded.Span<ushort>(start, length));
            }
        });
    }

    private void Update(Span<float> p, Span<float> g, Span<float> m, Span<float> v, float scale, float rate, float root)
    {
        Multiply(g, scale, g);
        Lerp(m, g, 1 - (float)options.Beta1, m);           // m += (1 - beta1) (g - m)
        Multiply(g, g, g);
        Lerp(v, g, 1 - (float)options.Beta2, v);           // v += (1 - beta2) (g^2 - v)
        Sqrt<float>(v, g);                                 // the gradient is used up; its place takes the update
        Multiply(g, root, g);
        Add(g, (float)options.Eps, g);
        Divide<float>(m, g, g);
        MultiplyAdd<float>(g, -rate, p, p);                // p -= rate m / (sqrt(v) root + eps)
    }

    private (long Start, int Length) PlaceOf(int chunk)
    {
        var start = (long)chunk * ChunkLength;
        return (start, (int)Math.Min(ChunkLength, parameters.Count - start));
    }

    private Span<float> AsFloat(FlatBuffer gradients, int chunk, Span<float> scratch)
    {
        var (start, length) = PlaceOf(chunk);
        if (gradients.Type == torch.ScalarType.Float32)
        {
            return gradients.Span<float>(start, length);
        }

        BFloat16Bits.Widen(gradients.Span<ushort>(start, length), scratch);
        return scratch[..length];
    }
}
