using PauseOnnx.Model;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>A part of the flat buffers whose gradients are finished at the same moment of the backward pass.</summary>
/// <param name="Start">First element.</param>
/// <param name="Length">Number of elements.</param>
public readonly record struct ParameterRange(long Start, long Length);

/// <summary>
/// The weights of a model, by Hugging Face's names. All of them are views of one flat buffer, and so are their gradients:
/// the optimizer, clipping, checkpoints and reductions over processes then work on a few long rows instead of on hundreds of
/// small tensors. The float32 weights are the ones that are trained and saved; with <see cref="Precision.Bf16"/> the
/// model computes with a rounded copy.
/// </summary>
/// <remarks>Not thread-safe. The tensors are valid until <see cref="Dispose"/>.</remarks>
public sealed class Parameters : IDisposable
{
    private readonly Dictionary<string, long> _starts = [];
    private readonly Dictionary<string, Tensor> _full = [];
    private readonly Dictionary<string, Tensor> _working = [];
    private bool _usesFullPrecision;

    /// <summary>All weights of a configuration, zero.</summary>
    /// <param name="config">The shape.</param>
    /// <param name="precision">What the model computes with.</param>
    /// <param name="device">Where the weights lie; null for the processor.</param>
    public Parameters(ModelConfig config, Precision precision = Precision.Fp32, Device? device = null)
    {
        Precision = precision;
        Specs = [.. new WeightNames(config).All()];
        Count = Specs.Sum(SizeOf);
        device ??= CPU;
        var type = precision == Precision.Fp32 ? ScalarType.Float32 : ScalarType.BFloat16;
        Values = new FlatBuffer(Count, ScalarType.Float32, device);
        Rounded = precision == Precision.Fp32 ? Values : new FlatBuffer(Count, type, device);
        Gradients = new FlatBuffer(Count, type, device);
        using var scope = NewDisposeScope();
        var start = 0L;
        // Matrices first: the optimizer decays a prefix of the buffer and leaves norms and biases alone.
        foreach (var spec in Specs.OrderBy(s => s.Shape.Count == 1))
        {
            _starts[spec.Name] = start;
            _full[spec.Name] = View(Values, spec).DetachFromDisposeScope();
            _working[spec.Name] = precision == Precision.Fp32 ? _full[spec.Name] : View(Rounded, spec).DetachFromDisposeScope();
            _working[spec.Name].requires_grad_(true);
            _working[spec.Name].grad = View(Gradients, spec);
            start += SizeOf(spec);
            DecayedCount = spec.Shape.Count > 1 ? start : DecayedCount;
        }

        LayerRanges = [.. Enumerable.Range(0, config.NumHiddenLayers).Select(layer => MatricesOf(new WeightNames(config).Layer(layer, "")))];
    }

    /// <summary>Every weight with its shape, in the order of computation.</summary>
    public IReadOnlyList<WeightSpec> Specs { get; }

    /// <summary>Number of weights, the unused head row of <c>&lt;pause&gt;</c> included.</summary>
    public long Count { get; }

    /// <summary>How many of them, at the beginning of the buffers, belong to matrices; norms and biases follow.</summary>
    public long DecayedCount { get; }

    /// <summary>What the model computes with.</summary>
    public Precision Precision { get; }

    /// <summary>Where the weights lie.</summary>
    public Device Device => Values.Tensor.device;

    /// <summary>All weights as they are trained, float32 (Count).</summary>
    public FlatBuffer Values { get; }

    /// <summary>What the model computes with, (Count): <see cref="Values"/> themselves, or their BFloat16 copy.</summary>
    public FlatBuffer Rounded { get; }

    /// <summary>The gradients of all weights, of the type of <see cref="Rounded"/>, (Count); backward adds to them.</summary>
    public FlatBuffer Gradients { get; }

    /// <summary>The matrices of each layer: their gradients are finished when backward leaves the layer.</summary>
    public IReadOnlyList<ParameterRange> LayerRanges { get; }

    /// <summary>All else: embeddings, head, norms and biases. Their gradients are finished when backward is.</summary>
    public IReadOnlyList<ParameterRange> OtherRanges
    {
        get
        {
            var (start, end) = (LayerRanges[0].Start, LayerRanges[^1].Start + LayerRanges[^1].Length);
            return [new(0, start), new(end, Count - end)];
        }
    }

    /// <summary>One weight in the shape of its <see cref="WeightSpec"/>, as the model computes with it.</summary>
    public Tensor this[string name] => _usesFullPrecision ? _full[name] : _working[name];

    /// <summary>A weight that not every family has, or null.</summary>
    public Tensor? Find(string name) => _starts.ContainsKey(name) ? this[name] : null;

    /// <summary>Where a weight lies in the buffers, and in any other laid out like them.</summary>
    public (long Start, int Length) PlaceOf(WeightSpec spec) => (_starts[spec.Name], checked((int)SizeOf(spec)));

    /// <summary>Lets the model compute in float32, without gradients, until the result is disposed.</summary>
    public IDisposable UseFullPrecision()
    {
        _usesFullPrecision = true;
        return new Release(() => _usesFullPrecision = false);
    }

    /// <summary>Reads every weight from a checkpoint, whatever float type it is stored in.</summary>
    public void Load(CheckpointWeights weights) => Fill(spec => weights.ReadFloats(spec.Name));

    /// <summary>Takes every weight from a function, which gives its values row by row.</summary>
    public void Fill(Func<WeightSpec, float[]> read)
    {
        foreach (var spec in Specs)
        {
            Values.Write(_starts[spec.Name], read(spec));
        }

        Round();
    }

    /// <summary>Brings <see cref="Rounded"/> up to date after <see cref="Values"/> were changed.</summary>
    public void Round()
    {
        if (!ReferenceEquals(Rounded, Values))
        {
            using var gradients = no_grad();
            Rounded.Tensor.copy_(Values.Tensor);
        }
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        foreach (var view in _full.Values.Concat(_working.Values))
        {
            view.Dispose();
        }

        Gradients.Dispose();
        Rounded.Dispose();
        Values.Dispose();
    }

    private static long SizeOf(WeightSpec spec) => spec.Shape.Aggregate(1L, (product, dimension) => product * dimension);

    private Tensor View(FlatBuffer buffer, WeightSpec spec) =>
        buffer.Tensor.narrow(0, _starts[spec.Name], SizeOf(spec)).view([.. spec.Shape.Select(d => (long)d)]);

    private ParameterRange MatricesOf(string prefix)
    {
        var matrices = Specs.Where(s => s.Shape.Count > 1 && s.Name.StartsWith(prefix, StringComparison.Ordinal)).ToList();
        return new ParameterRange(_starts[matrices[0].Name], matrices.Sum(SizeOf));
    }

    private sealed class Release(Action action) : IDisposable
    {
        public void Dispose() => action();
    }
}
