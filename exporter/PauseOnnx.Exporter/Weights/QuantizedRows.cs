using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// A table [V, C] as int8 from -127 to 127 with a scale for each row: weight = value * scale. Rows are gathered before they
/// are multiplied, so that only those that are used become float32.
/// </summary>
/// <remarks>The parts may be written in any order and again; not by several threads at once.</remarks>
internal sealed class QuantizedRows
{
    private const int LargestLevel = 127;
    private const int TileValues = 1 << 20;

    private readonly WeightData _source;

    /// <summary>Quantizes a table, when it is written.</summary>
    public QuantizedRows(WeightData source)
    {
        _source = source;
        Values = new ComputedData(source.Count, WriteValues);
        Scales = new ComputedData(source.Rows * sizeof(float), WriteScales);
    }

    /// <summary>[V, C] int8.</summary>
    public TensorData Values { get; }

    /// <summary>[V, 1] float32, each above 0.</summary>
    public TensorData Scales { get; }

    private int TileRows => Math.Max(1, TileValues / (int)_source.Columns);

    /// <summary>What a runtime computes from the parts, [V, C].</summary>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    public float[] Dequantize()
    {
        var (values, scales) = (new sbyte[_source.Count], new float[_source.Rows]);
        Compute(0, scales, values);
        return [.. values.Select((v, i) => v * scales[i / _source.Columns])];
    }

    private void WriteValues(Stream stream, Action<long> advance)
    {
        var columns = (int)_source.Columns;
        OrderedTiles.Write(stream, advance, Values.Length, TileRows * columns, (offset, tile) =>
            Compute(offset / columns, new float[tile.Length / columns], MemoryMarshal.Cast<byte, sbyte>(tile)));
        _source.Release();
    }

    private void WriteScales(Stream stream, Action<long> advance)
    {
        OrderedTiles.Write(stream, advance, Scales.Length, TileRows * sizeof(float), (offset, tile) =>
            Compute(offset / sizeof(float), MemoryMarshal.Cast<byte, float>(tile), []));
        _source.Release();
    }

    // Scales of some rows [rows], and their values [rows, C] where they are asked for.
    private void Compute(long firstRow, Span<float> scales, Span<sbyte> values)
    {
        var columns = (int)_source.Columns;
        var table = ArrayPool<float>.Shared.Rent(scales.Length * columns);
        _source.ReadRows(firstRow, table.AsSpan(0, scales.Length * columns));
        for (var row = 0; row < scales.Length; row++)
        {
            var weights = table.AsSpan(row * columns, columns);
            scales[row] = RowScale.Of(Math.Abs(TensorPrimitives.MaxMagnitude(weights)), LargestLevel);
            for (var column = 0; column < columns && values.Length > 0; column++)
            {
                values[(row * columns) + column] = (sbyte)MathF.Round(weights[column] / scales[row]);
            }
        }

        ArrayPool<float>.Shared.Return(table);
    }
}
