using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// Outputs of linear weights of one input, side by side, [Inputs, Outputs] float32, whichever way round the checkpoint has
/// them. Queries, keys and values of every family can so be one matrix or three.
/// </summary>
internal sealed class LinearData : MatrixData
{
    private readonly Run[] _runs;
    private readonly CheckpointWeights _weights;
    private readonly IReadOnlyList<OutputRange> _parts;
    private readonly bool _isInOut;

    /// <summary>Joins outputs of weights.</summary>
    /// <param name="weights">The checkpoint.</param>
    /// <param name="parts">Outputs, from left to right.</param>
    /// <param name="isInOut">Whether the weights are [in, out], as gpt2's Conv1D has them; else [out, in].</param>
    /// <exception cref="ArgumentException">The weights differ in their inputs, or do not have such outputs.</exception>
    public LinearData(CheckpointWeights weights, IReadOnlyList<OutputRange> parts, bool isInOut)
    {
        (_weights, _parts, _isInOut) = (weights, parts, isInOut);
        var stored = parts.Select(p => p.Weight).Distinct().ToDictionary(n => n, n => new StoredWeight(weights, n));
        var runs = new List<Run>();
        foreach (var (name, first, count) in OutputRange.Runs(parts))
        {
            var run = new Run(name, stored[name], first, count, Outputs);
            var (inputs, outputs) = isInOut ? (run.Weight.Rows, run.Weight.Columns) : (run.Weight.Columns, run.Weight.Rows);
            Inputs = runs.Count == 0 ? inputs : Inputs;
            if (inputs != Inputs || first < 0 || first + count > outputs)
            {
                throw new ArgumentException($"Outputs {first} to {first + count} of weight '{name}' with {inputs} inputs and {outputs} outputs; expected outputs that it has, and {Inputs} inputs.", nameof(parts));
            }

            runs.Add(run);
            Outputs = checked(Outputs + count);
        }

        _runs = [.. runs];
    }

    /// <summary>Names of the weights in the checkpoint.</summary>
    public IEnumerable<string> Names => _parts.Select(p => p.Weight).Distinct();

    public override long Inputs { get; }

    public override int Outputs { get; }

    /// <summary>Matrices of one checkpoint side by side.</summary>
    public static LinearData Join(IReadOnlyList<LinearData> matrices) =>
        new(matrices[0]._weights, [.. matrices.SelectMany(m => m._parts)], matrices[0]._isInOut);

    public override void Read(long firstInput, int inputs, int firstOutput, int outputs, Span<float> tile, int stride)
    {
        foreach (var run in _runs)
        {
            var (start, end) = (Math.Max(firstOutput, run.Column), Math.Min(firstOutput + outputs, run.Column + run.Count));
            if (start >= end)
            {
                continue;
            }

            var first = run.First + start - run.Column;
            var part = tile[(start - firstOutput)..];
            if (_isInOut)
            {
                CopyRows(run.Weight, firstInput, inputs, first, end - start, part, stride);
            }
            else
            {
                run.Weight.ReadTurned(first, end - start, firstInput, inputs, part, stride);
            }
        }
    }

    public override void Release()
    {
        foreach (var weight in _runs.Select(r => r.Weight).Distinct())
        {
            weight.Release();
        }
    }

    public override string Describe(long index)
    {
        var (input, output) = Math.DivRem(index, Outputs);
        var run = _runs.Last(r => r.Column <= output);
        var stored = run.First + output - run.Column;
        return run.Weight.Describe(_isInOut ? (input * run.Weight.Columns) + stored : (stored * run.Weight.Columns) + input);
    }

    private static void CopyRows(StoredWeight weight, long firstInput, int inputs, long first, int outputs, Span<float> tile, int stride)
    {
        for (var input = 0; input < inputs; input++)
        {
            weight.Read(firstInput + input, 1, first, outputs, tile.Slice(input * stride, outputs));
        }
    }

    /// <summary>Outputs that lie side by side in a weight, and the first column they take here.</summary>
    private sealed record Run(string Name, StoredWeight Weight, long First, int Count, int Column);
}
