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
    private const int TileValues = 1 << 18;

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

    private int TableColumns => checked((int)_source.Columns);

    private int TileRows => Math.Max(1, TileValues / TableColumns);

    /// <summary>What a runtime computes from the parts, [V, C].</summary>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    public float[] Dequantize()
    {
        var (values, scales) = (new byte[_source.Count], new float[_source.Rows]);
        Round(0, scales, values);
        return [.. values.Select((v, i) => (sbyte)v * scales[i / TableColumns])];
    }

    private void WriteValues(Stream stream, Action<long> advance)
    {
        OrderedTiles.Write(stream, advance, Values.Length, TileRows * TableColumns, (offset, tile) =>
            Round(offset / TableColumns, new float[tile.Length / TableColumns], tile));
        _source.Release();
    }

    private void WriteScales(Stream stream, Action<long> advance)
    {
        OrderedTiles.Write(stream, advance, Scales.Length, TileRows * sizeof(float), (offset, tile) =>
            Round(offset / sizeof(float), MemoryMarshal.Cast<byte, float>(tile), []));
        _source.Release();
    }

    // Scales of some rows [rows], and their values [rows, C] where they are asked for.
    private void Round(long firstRow, Span<float> scales, Span<byte> values)
    {
        var (columns, rows) = (TableColumns, scales.Length);
        var pool = ArrayPool<float>.Shared;
        var (table, scale, zeroPoints) = (pool.Rent(rows * columns), pool.Rent(columns), pool.Rent(columns));
        zeroPoints.AsSpan().Fill(SymmetricScale.MiddleLevel);
        _source.ReadRows(firstRow, table.AsSpan(0, rows * columns));
        for (var row = 0; row < rows; row++)
        {
            var weights = table.AsSpan(row * columns, columns);
            scales[row] = SymmetricScale.Of(Math.Abs(TensorPrimitives.MaxMagnitude(weights)));
            if (values.Length > 0)
            {
                scale.AsSpan().Fill(scales[row]);
                Levels.Round(weights, scale, zeroPoints, byte.MaxValue, hasSign: true, values.Slice(row * columns, columns));
            }
        }

        pool.Return(table);
        pool.Return(scale);
        pool.Return(zeroPoints);
    }
}
