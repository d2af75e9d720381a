using PauseOnnx.Model;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// The weights of a model, by Hugging Face's names. All of them are views of one flat buffer, and so are their gradients:
/// the optimizer, clipping and checkpoints then work on two spans instead of on hundreds of small tensors.
/// </summary>
/// <remarks>Not thread-safe. The tensors and spans are valid until <see cref="Dispose"/>.</remarks>
public sealed class Parameters : IDisposable
{
    // Managed and pinned, so that the optimizer reads them as spans without asking libtorch for an address.
    private readonly float[] _values;
    private readonly float[] _gradients;
    private readonly Dictionary<string, (Tensor View, int Start)> _views = [];

    /// <summary>All weights of a configuration, zero.</summary>
    /// <exception cref="OverflowException">There are 2^31 weights or more.</exception>
    public Parameters(ModelConfig config)
    {
        Specs = [.. new WeightNames(config).All()];
        Count = Specs.Sum(SizeOf);
        _values = GC.AllocateArray<float>(Count, pinned: true);
        _gradients = GC.AllocateArray<float>(Count, pinned: true);
        using var scope = NewDisposeScope();
        var (values, gradients) = (frombuffer(_values, ScalarType.Float32), frombuffer(_gradients, ScalarType.Float32));
        var start = 0;
        // Matrices first: the optimizer decays a prefix of the buffer and leaves norms and biases alone.
        foreach (var spec in Specs.OrderBy(s => s.Shape.Count == 1))
        {
            _views[spec.Name] = (CreateView(spec, values, gradients, start), start);
            start += SizeOf(spec);
            DecayedCount = spec.Shape.Count > 1 ? start : DecayedCount;
        }
    }

    /// <summary>Every weight with its shape, in the order of computation.</summary>
    public IReadOnlyList<WeightSpec> Specs { get; }

    /// <summary>Number of weights, the unused head row of <c>&lt;pause&gt;</c> included.</summary>
    public int Count { get; }

    /// <summary>How many of them, at the beginning of the buffer, belong to matrices; norms and biases follow.</summary>
    public int DecayedCount { get; }

    /// <summary>All weights, [Count].</summary>
    public Span<float> Values => _values;

    /// <summary>The gradients of all weights, [Count]; backward adds to them.</summary>
    public Span<float> Gradients => _gradients;

    /// <summary>One weight, in the shape of its <see cref="WeightSpec"/>.</summary>
    public Tensor this[string name] => _views[name].View;

    /// <summary>The part of <see cref="Values"/>, or of a buffer laid out like it, that belongs to one weight.</summary>
    public Range RangeOf(WeightSpec spec) => _views[spec.Name].Start..(_views[spec.Name].Start + SizeOf(spec));

    /// <summary>Reads every weight from a checkpoint, whatever float type it is stored in.</summary>
    public void Load(CheckpointWeights weights)
    {
        foreach (var spec in Specs)
        {
            var (file, entry) = weights[spec.Name];
            file.ReadAsFloat(entry, 0, Values[RangeOf(spec)]);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var (view, _) in _views.Values)
        {
            view.Dispose();
        }
    }

    private static int SizeOf(WeightSpec spec) => spec.Shape.Aggregate(1, (product, dimension) => checked(product * dimension));

    private static Tensor CreateView(WeightSpec spec, Tensor values, Tensor gradients, int start)
    {
        long[] shape = [.. spec.Shape.Select(d => (long)d)];
        var view = values.narrow(0, start, SizeOf(spec)).view(shape);
        view.requires_grad_(true);
        view.grad = gradients.narrow(0, start, SizeOf(spec)).view(shape);
        return view.DetachFromDisposeScope();
    }
}
