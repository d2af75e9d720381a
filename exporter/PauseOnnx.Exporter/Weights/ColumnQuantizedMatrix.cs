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
    private const int TileColumns = 64;
    private const int TileRows = 256;

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
        var values = new byte[_source.Count];
        Round(Hold(), 0, checked((int)_source.Inputs), values);
        return [.. values.Select((v, i) => (sbyte)v * Hold()[i % _source.Outputs])];
    }

    // A scale a column is little to keep for good.
    private float[] Hold() => _scales ??= FindScales();

    private float[] FindScales()
    {
        var scales = new float[_source.Outputs];
        ColumnRanges.ForEach(_source.Outputs, TileColumns, (first, columns) =>
        {
            var tile = ArrayPool<float>.Shared.Rent(TileRows * columns);
            var found = scales.AsSpan(first, columns);
            for (var row = 0L; row < _source.Inputs; row += TileRows)
            {
                var rows = (int)Math.Min(TileRows, _source.Inputs - row);
                _source.Read(row, rows, first, columns, tile, columns);
                for (var i = 0; i < rows; i++)
                {
                    TensorPrimitives.MaxMagnitude(found, tile.AsSpan(i * columns, columns), found);
                }
            }

            foreach (ref var scale in found)
            {
                scale = SymmetricScale.Of(Math.Abs(scale));
            }

            ArrayPool<float>.Shared.Return(tile);
        });
        _source.Release();
        return scales;
    }

    private void WriteValues(Stream stream, Action<long> advance)
    {
        var (scales, outputs) = (Hold(), _source.Outputs);
        OrderedTiles.Write(stream, advance, Values.Length, checked(_source.TileRows * outputs), (offset, tile) =>
            Round(scales, offset / outputs, tile.Length / outputs, tile));
        _source.Release();
    }

    private void WriteScales(Stream stream, Action<long> advance)
    {
        stream.Write(MemoryMarshal.AsBytes<float>(Hold()));
        advance(Scales.Length);
    }

    private void Round(float[] scales, long firstRow, int rows, Span<byte> values)
    {
        Span<float> zeroPoints = stackalloc float[TileColumns];
        zeroPoints.Fill(SymmetricScale.MiddleLevel);
        var tile = ArrayPool<float>.Shared.Rent(rows * TileColumns);
        for (var column = 0; column < _source.Outputs; column += TileColumns)
        {
            var columns = Math.Min(TileColumns, _source.Outputs - column);
            _source.Read(firstRow, rows, column, columns, tile, columns);
            for (var row = 0; row < rows; row++)
            {
                var line = values.Slice((row * _source.Outputs) + column, columns);
                Levels.Round(tile.AsSpan(row * columns, columns), scales.AsSpan(column, columns), zeroPoints, byte.MaxValue, hasSign: true, line);
            }
        }

        ArrayPool<float>.Shared.Return(tile);
    }
}
