using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>The first rows of a weight as it lies in the checkpoint, [rows, columns] float32.</summary>
internal sealed class WeightData(CheckpointWeights weights, string name, long rows) : CheckpointData
{
    private const int TileBytes = 1 << 20;

    private readonly StoredWeight _weight = new(weights, name);

    /// <summary>Rows of the weight that are kept.</summary>
    public long Rows => rows;

    /// <summary>Elements of a row; 1 for a vector.</summary>
    public long Columns => _weight.Columns;

    /// <summary>Name of the weight in the checkpoint.</summary>
    public string Name => name;

    public override long Count => rows * Columns;

    public override string SharedBytes => name;

    /// <summary>Reads consecutive rows, [rows, columns].</summary>
    /// <exception cref="ModelFormatException">A value is not finite.</exception>
    public void ReadRows(long firstRow, Span<float> values) => _weight.Read(firstRow * Columns, values);

    /// <summary>Gives memory that reading took back to the system.</summary>
    public void Release() => _weight.Release();

    /// <summary>The same as the right operand of a MatMul, [columns, rows].</summary>
    public LinearData Transposed() => new(weights, [new OutputRange(name, 0, rows)], isInOut: false);

    public override string Describe(long index) => _weight.Describe(index);

    public override void Write(Stream stream, Action<long> advance)
    {
        OrderedTiles.Write(stream, advance, Length, TileBytes, (offset, tile) =>
            _weight.Read(offset / sizeof(float), MemoryMarshal.Cast<byte, float>(tile)));
        Release();
    }
}
