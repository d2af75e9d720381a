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
/// Adam with decoupled weight decay and clipping by global norm, in one pass over the flat buffer of <see cref="Parameters"/>.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/1711.05101">Loshchilov and Hutter, algorithm 2</see>. Not thread-safe.</remarks>
/// <param name="parameters">What is trained.</param>
/// <param name="options">Settings.</param>
public sealed class AdamW(Parameters parameters, AdamWOptions options)
{
    // A chunk's four spans fit the first-level cache, so that the operations below cost one pass over memory.
    private const int ChunkLength = 2048;
    private const int ChunksWorthThreads = 128;

    /// <summary>Running mean of gradients, laid out as the parameters.</summary>
    public float[] FirstMoment { get; } = new float[parameters.Count];

    /// <summary>Running mean of squared gradients, laid out as the parameters.</summary>
    public float[] SecondMoment { get; } = new float[parameters.Count];

    /// <summary>Steps taken; restored together with the moments.</summary>
    public int StepCount { get; set; }

    /// <summary>Updates the parameters from their gradients and sets the gradients to zero.</summary>
    /// <param name="learningRate">Of this step.</param>
    /// <returns>Norm of all gradients before clipping. When it is not finite, nothing was changed.</returns>
    public double Step(double learningRate)
    {
        var norm = Math.Sqrt(SumOfSquares<float>(parameters.Gradients));
        if (!double.IsFinite(norm))
        {
            return norm;
        }

        StepCount++;
        var scale = (float)(options.Clip > 0 && norm > options.Clip ? options.Clip / norm : 1);
        var rate = (float)(learningRate / (1 - Math.Pow(options.Beta1, StepCount)));
        var root = (float)(1 / Math.Sqrt(1 - Math.Pow(options.Beta2, StepCount)));
        var decay = (float)(1 - (learningRate * options.WeightDecay));
        var chunks = (parameters.Count + ChunkLength - 1) / ChunkLength;
        var threads = new ParallelOptions { MaxDegreeOfParallelism = chunks < ChunksWorthThreads ? 1 : torch.get_num_threads() };
        Parallel.For(0, chunks, threads, chunk =>
        {
            var (start, end) = (chunk * ChunkLength, Math.Min((chunk + 1) * ChunkLength, parameters.Count));
            var matrices = parameters.Values[start..Math.Clamp(parameters.DecayedCount, start, end)];
            Multiply(matrices, decay, matrices);
            Update(start..end, scale, rate, root);
        });
        return norm;
    }

    private void Update(Range range, float scale, float rate, float root)
    {
        var p = parameters.Values[range];
        var g = parameters.Gradients[range];
        var m = FirstMoment.AsSpan(range);
        var v = SecondMoment.AsSpan(range);
        Multiply(g, scale, g);
        Lerp(m, g, 1 - (float)options.Beta1, m);           // m += (1 - beta1) (g - m)
        Multiply(g, g, g);
        Lerp(v, g, 1 - (float)options.Beta2, v);           // v += (1 - beta2) (g^2 - v)
        Sqrt<float>(v, g);                                 // the gradient is used up; its place takes the update
        Multiply(g, root, g);
        Add(g, (float)options.Eps, g);
        Divide<float>(m, g, g);
        MultiplyAdd<float>(g, -rate, p, p);                // p -= rate m / (sqrt(v) root + eps)
        g.Clear();
    }
}
