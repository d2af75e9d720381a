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
    /// x [..., in] by the linear weights of a name, or by a range of their outputs -> [..., out]; then their biases, where the
    /// family has them.
    /// </summary>
    public Value Linear(Value x, string name, Part? part = null)
    {
        var result = B.MatMul(x, Matrix($"{name}.weight", part));
        return _names.Contains($"{name}.bias") ? B.Add(result, Vector($"{name}.bias", part)) : result;
    }

    private Value Matrix(string weight, Part? part)
    {
        var data = new LinearData(_weights, [Range(weight, part)], Family.LinearIsInOut);
        return B.Initializer($"{weight}{part}.matrix", DType.Float32, [data.Inputs, data.Outputs], data);
    }

    private Value Vector(string bias, Part? part)
    {
        var range = Range(bias, part);
        return B.Initializer($"{bias}{part}", DType.Float32, [range.Total], new VectorData(_weights, [range]));
    }

    private OutputRange Range(string weight, Part? part)
    {
        var all = OutputRange.All(_weights, weight, Family.LinearIsInOut);
        return part?.Of(weight, all.Total) ?? all;
    }
}

/// <summary>
/// A part of the outputs of a linear layer: of <paramref name="Groups"/> groups of equal size, in each of which
/// <paramref name="Count"/> parts of equal size lie one behind the other, part <paramref name="Index"/> of every group.
/// </summary>
/// <param name="Index">Which part, from 0.</param>
/// <param name="Count">Parts in a group.</param>
/// <param name="Groups">Groups.</param>
internal sealed record Part(int Index, int Count, int Groups)
{
    /// <summary>The outputs that are this part's.</summary>
    public OutputRange Of(string weight, long outputs)
    {
        var (group, size) = (outputs / Groups, outputs / Groups / Count);
        return new OutputRange(weight, Index * size, size, group, Groups);
    }

    public override string ToString() => $"[{Index}/{Count}]";
}
