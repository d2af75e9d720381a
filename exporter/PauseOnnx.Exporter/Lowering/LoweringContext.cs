using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>
/// The symbolic dimensions of a decoder's graph. A name stands for one length throughout a graph, so lengths that differ
/// have names that differ.
/// </summary>
internal sealed record Letters
{
    /// <summary>B: sequences in the batch.</summary>
    public Dim B { get; } = "batch_size";

    /// <summary>Tokens the host gives.</summary>
    public Dim HostLength { get; } = "sequence_length";

    /// <summary>Length of the host's attention mask, which does not count the pauses.</summary>
    public Dim HostMaskLength { get; } = "total_sequence_length";

    /// <summary>P: positions in the cache.</summary>
    public Dim P { get; } = "past_sequence_length";

    /// <summary>T: new tokens, pauses included.</summary>
    public Dim T { get; } = "paused_sequence_length";

    /// <summary>S = P + T.</summary>
    public Dim S { get; } = "present_sequence_length";

    /// <summary>Positions that get logits: 1 on the first call, T afterwards.</summary>
    public Dim OutputLength { get; } = "output_sequence_length";
}

/// <summary>What every piece of a lowering needs: the graph being built, the configuration and the weights.</summary>
internal sealed class LoweringContext
{
    private readonly CheckpointWeights _weights;
    private readonly HashSet<string> _names;

    public LoweringContext(string name, ModelConfig config, CheckpointWeights weights)
    {
        (B, Config, _weights) = (new GraphBuilder(name), config, weights);
        (Names, Family) = (new WeightNames(config), Families.Of(config.Family));
        _names = [.. Names.All().Select(w => w.Name)];
    }

    /// <summary>Emits operators.</summary>
    public GraphBuilder B { get; }

    /// <summary>The model's shape.</summary>
    public ModelConfig Config { get; }

    /// <summary>Names of its weights.</summary>
    public WeightNames Names { get; }

    /// <summary>Pieces the model is made of.</summary>
    public Family Family { get; }

    /// <summary>Symbolic dimensions.</summary>
    public Letters Dims { get; } = new();

    /// <summary>A weight as it lies in the checkpoint; with <paramref name="rows"/>, only its first rows.</summary>
    public Value Weight(string name, int? rows = null)
    {
        var shape = _weights[name].Entry.Shape;
        var kept = rows ?? shape[0];
        var suffix = kept == shape[0] ? "" : $"[:{kept}]";
        return B.Initializer(name + suffix, DType.Float32, [kept, .. shape.Skip(1)], new WeightData(_weights, name, kept));
    }

    /// <summary>
    /// x [..., in] by the linear weights of these names, one beside the other -> [..., out]; then their biases, where the
    /// family has them.
    /// </summary>
    public Value Linear(Value x, params string[] names)
    {
        var result = B.MatMul(x, LinearWeights(names));
        return _names.Contains($"{names[0]}.bias") ? B.Add(result, Biases(names)) : result;
    }

    private Value Biases(string[] names)
    {
        string[] biases = [.. names.Select(n => $"{n}.bias")];
        return biases is [var single]
            ? Weight(single)
            : B.Initializer(string.Join('+', biases), DType.Float32, [biases.Sum(n => _weights[n].Entry.Shape[0])], new VectorData(_weights, All(biases)));
    }

    private Value LinearWeights(string[] names)
    {
        string[] weights = [.. names.Select(n => $"{n}.weight")];
        var data = new LinearData(_weights, All(weights), Family.LinearIsInOut);
        return B.Initializer($"{string.Join('+', weights)}.transposed", DType.Float32, [data.Inputs, data.Outputs], data);
    }

    private OutputRange[] All(string[] names) => [.. names.Select(n => OutputRange.All(_weights, n, Family.LinearIsInOut))];
}
