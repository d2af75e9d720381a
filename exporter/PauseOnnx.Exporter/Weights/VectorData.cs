using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>Parts of vectors one after the other, [sum of parts] float32: the bias of a <see cref="LinearData"/>.</summary>
internal sealed class VectorData : CheckpointData
{
    private readonly List<(StoredWeight Weight, long First, int Count)> _runs = [];

    private readonly CheckpointWeights _weights;
    private readonly IReadOnlyList<OutputRange> _parts;

    /// <summary>Joins parts of vectors.</summary>
    public VectorData(CheckpointWeights weights, IReadOnlyList<OutputRange> parts)
    {
        (_weights, _parts) = (weights, parts);
        var stored = parts.Select(p => p.Weight).Distinct().ToDictionary(n => n, n => new StoredWeight(weights, n));
        _runs.AddRange(OutputRange.Runs(parts).Select(r => (stored[r.Weight], r.First, r.Count)));
        Count = parts.Sum(p => p.Total);
    }

    public override long Count { get; }

    /// <summary>Vectors of one checkpoint one after the other.</summary>
    public static VectorData Join(IReadOnlyList<VectorData> vectors) => new(vectors[0]._weights, [.. vectors.SelectMany(v => v._parts)]);

    public override string Describe(long index)
    {
        foreach (var (weight, first, count) in _runs)
        {
            if (index < count)
            {
                return weight.Describe(first + index);
            }

            index -= count;
        }

        throw new ArgumentOutOfRangeException(nameof(index), index, $"Expected less than {Count}.");
    }

    public override void Write(Stream stream, Action<long> advance)
    {
        foreach (var (weight, first, count) in _runs)
        {
            var values = new float[count];
            weight.Read(first, values);
            stream.Write(MemoryMarshal.AsBytes<float>(values));
            advance(count * sizeof(float));
        }
    }
}
