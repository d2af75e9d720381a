using System.Buffers;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// A matrix [Inputs, Outputs] as int8 from -127 to 127 with a scale for each column: weight = value * scale, as
/// MatMulInteger's right operand.
/// </summary>
/// <remarks>The parts may be written in any order and again; not by several threads at once.</remarks>
internal sealed class ColumnQuantizedMatrix
{
    private const int LargestLevel = 127;
    private const int TileValues = 1 << 20;
    private const int TileColumns = 64;
    private const int MostRows = 256;

    private readonly MatrixData _source;
    private float[]? _scales;

    /// <summary>Quantizes a matrix, when it is written.</summary>
    public ColumnQuantizedMatrix(MatrixData source)
    {
        _source = source;
        Values = new ComputedData(source.Count, WriteValues);
        Scales = new ComputedData(source.Outputs * sizeof(float), WriteScales);
    }

    /// <summary>[Inputs, Outputs] int8.</summary>
    public TensorData Values { get; }

    /// <summary>[Outputs] float32, each above 0.</summary>
    public TensorData Scales { get; }

    /// <summary>What a runtime computes from the parts, [Inputs, Outputs].</summary>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    public float[] Dequantize()
    {
        var scales = FindScales();
        var values = new sbyte[_source.Count];
        ComputeValues(0, checked((int)_source.Inputs), values);
        return [.. values.Select((v, i) => v * scales[i % scales.Length])];
    }

    private float[] FindScales()
    {
        if (_scales is not null)
        {
            return _scales;
        }

        var scales = new float[_source.Outputs];
        Columns.ForEach(_source.Outputs, TileColumns, (first, columns) =>
        {
            var tile = ArrayPool<float>.Shared.Rent(MostRows * columns);
            var largest = scales.AsSpan(first, columns);
            for (var row = 0L; row < _source.Inputs; row += MostRows)
            {
                var rows = (int)Math.Min(MostRows, _source.Inputs - row);
                _source.Read(row, rows, first, columns, tile, columns);
                for (var i = 0; i < rows; i++)
                {
                    TensorPrimitives.MaxMagnitude(largest, tile.AsSpan(i * columns, columns), largest);
                }
            }

            foreach (ref var scale in largest)
            {
                scale = RowScale.Of(Math.Abs(scale), LargestLevel);
            }

            ArrayPool<float>.Shared.Return(tile);
        });
        _source.Release();
        return _scales = scales;
    }

    private void WriteScales(Stream stream, Action<long> advance)
    {
        stream.Write(MemoryMarshal.AsBytes<float>(FindScales()));
        advance(Scales.Length);
    }

    private void WriteValues(Stream stream, Action<long> advance)
    {
        FindScales();
        var outputs = _source.Outputs;
        var rows = Math.Clamp(TileValues / outputs, 1, MostRows);
        OrderedTiles.Write(stream, advance, Values.Length, rows * outputs, (offset, tile) =>
            ComputeValues(offset / outputs, tile.Length / outputs, MemoryMarshal.Cast<byte, sbyte>(tile)));
        _source.Release();
    }

    private void ComputeValues(long firstRow, int rows, Span<sbyte> values)
    {
        var (scales, outputs) = (FindScales(), _source.Outputs);
        var tile = ArrayPool<float>.Shared.Rent(rows * outputs);
        _source.ReadRows(firstRow, rows, tile);
        for (var row = 0; row < rows; row++)
        {
            for (var column = 0; column < outputs; column++)
            {
                var index = (row * outputs) + column;
                values[index] = (sbyte)Math.Clamp(MathF.Round(tile[index] / scales[column]), -LargestLevel, LargestLevel);
            }
        }

        ArrayPool<float>.Shared.Return(tile);
    }
}
