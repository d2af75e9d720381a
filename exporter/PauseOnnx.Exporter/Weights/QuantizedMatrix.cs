using System.Buffers;
using System.Numerics;
using System.Runtime.InteropServices;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// A matrix [Inputs, Outputs] as integers with a scale, and perhaps a zero point, for each column of each block of 32 rows:
/// weight = (value - zero point) * scale. Scales are found once and held until each part has been written; values are
/// computed while they are written.
/// </summary>
/// <remarks>The parts may be written in any order and again; not by several threads at once.</remarks>
internal sealed class QuantizedMatrix
{
    private const int TileValues = 1 << 20;

    /// <summary>Columns that a thread works on at once: a tile of all sizes fits its caches.</summary>
    private const int TileColumns = 64;

    /// <summary>Rows that are read at once: pieces of 1 KB.</summary>
    private const int TileRows = 256;

    private readonly MatrixData _source;
    private readonly QuantizationScheme _scheme;
    private readonly HashSet<Part> _unwritten = [];
    private float[]? _scales;
    private byte[]? _zeroPoints;

    /// <summary>Quantizes a matrix, when it is written.</summary>
    public QuantizedMatrix(MatrixData source, QuantizationScheme scheme)
    {
        (_source, _scheme) = (source, scheme);
        Blocks = (source.Inputs + QuantizationScheme.BlockSize - 1) / QuantizationScheme.BlockSize;
        Values = new Part(this, BytesOf(source.Count), WriteValues);
        Scales = new Part(this, Blocks * source.Outputs * sizeof(float), WriteScales);
        ZeroPoints = scheme.IsSymmetric ? null : new Part(this, BytesOf(Blocks * source.Outputs), WriteZeroPoints);
    }

    /// <summary>Blocks of rows; the last may have fewer than 32.</summary>
    public long Blocks { get; }

    /// <summary>[Inputs, Outputs] int4, int8, uint4 or uint8; 4-bit integers two a byte.</summary>
    public TensorData Values { get; }

    /// <summary>[Blocks, Outputs] float32, each above 0.</summary>
    public TensorData Scales { get; }

    /// <summary>[Blocks, Outputs] of the values' type; null in a symmetric scheme.</summary>
    public TensorData? ZeroPoints { get; }

    /// <summary>What a runtime computes from the parts, [Inputs, Outputs].</summary>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    public float[] Dequantize()
    {
        var (scales, zeroPoints) = (_scales, _zeroPoints) is ({ } s, { } z) ? (s, z) : FindScales();
        var (rows, outputs) = (checked((int)_source.Inputs), _source.Outputs);
        var codes = new byte[rows * outputs];
        ComputeValues(scales, zeroPoints, 0, rows, codes);
        var result = new float[codes.Length];
        for (var i = 0; i < codes.Length; i++)
        {
            var scale = (i / outputs / QuantizationScheme.BlockSize * outputs) + (i % outputs);
            var level = _scheme.IsSymmetric ? (sbyte)codes[i] : codes[i] - zeroPoints[scale];
            result[i] = level * scales[scale];
        }

        return result;
    }

    private long BytesOf(long count) => _scheme.Bits == 4 ? Nibbles.BytesOf(count) : count;

    private (float[] Scales, byte[] ZeroPoints) Hold()
    {
        if (_scales is null || _zeroPoints is null)
        {
            (_scales, _zeroPoints) = FindScales();
            _unwritten.UnionWith(new[] { Values, Scales, ZeroPoints }.OfType<Part>());
        }

        return (_scales, _zeroPoints);
    }

    private void Written(Part part)
    {
        if (_unwritten.Remove(part) && _unwritten.Count == 0)
        {
            (_scales, _zeroPoints) = (null, null);
        }
    }

    private (float[] Scales, byte[] ZeroPoints) FindScales()
    {
        var outputs = _source.Outputs;
        var (scales, zeroPoints) = (new float[Blocks * outputs], new byte[Blocks * outputs]);
        Columns.ForEach(outputs, TileColumns, (first, columns) =>
        {
            var tile = ArrayPool<float>.Shared.Rent(TileRows * TileColumns);
            Span<float> tileScales = stackalloc float[TileColumns], tileZeroPoints = stackalloc float[TileColumns];
            tile.AsSpan().Clear();
            for (var row = 0L; row < _source.Inputs; row += TileRows)
            {
                var rows = (int)Math.Min(TileRows, _source.Inputs - row);
                _source.Read(row, rows, first, columns, tile, TileColumns);
                for (var blockRow = 0; blockRow < rows; blockRow += QuantizationScheme.BlockSize)
                {
                    var blockRows = Math.Min(QuantizationScheme.BlockSize, rows - blockRow);
                    BlockScales.Find(tile.AsSpan(blockRow * TileColumns, blockRows * TileColumns), TileColumns, _scheme, tileScales, tileZeroPoints);
                    var start = ((row + blockRow) / QuantizationScheme.BlockSize * outputs) + first;
                    for (var column = 0; column < columns; column++)
                    {
                        (scales[start + column], zeroPoints[start + column]) = (tileScales[column], (byte)tileZeroPoints[column]);
                    }
                }
            }

            ArrayPool<float>.Shared.Return(tile);
        });
        _source.Release();
        return (scales, zeroPoints);
    }

    private void WriteValues(Stream stream, Action<long> advance)
    {
        var (scales, zeroPoints) = Hold();
        var outputs = _source.Outputs;
        var rows = Math.Clamp(TileValues / outputs / QuantizationScheme.BlockSize, 1, TileRows / QuantizationScheme.BlockSize) * QuantizationScheme.BlockSize;
        var bits = _scheme.Bits;
        OrderedTiles.Write(stream, advance, Values.Length, checked(rows * outputs) / 8 * bits, (offset, tile) =>
        {
            var firstRow = offset * 8 / bits / outputs;
            var count = (int)Math.Min(rows, _source.Inputs - firstRow);
            if (bits == 8)
            {
                ComputeValues(scales, zeroPoints, firstRow, count, tile);
                return;
            }

            var codes = ArrayPool<byte>.Shared.Rent(count * outputs);
            ComputeValues(scales, zeroPoints, firstRow, count, codes);
            Nibbles.Pack(codes.AsSpan(0, count * outputs), tile);
            ArrayPool<byte>.Shared.Return(codes);
        });
        _source.Release();
    }

    private void WriteScales(Stream stream, Action<long> advance) => Write(MemoryMarshal.AsBytes<float>(Hold().Scales), stream, advance);

    private void WriteZeroPoints(Stream stream, Action<long> advance)
    {
        var zeroPoints = Hold().ZeroPoints;
        if (_scheme.Bits == 8)
        {
            Write(zeroPoints, stream, advance);
            return;
        }

        var packed = new byte[Nibbles.BytesOf(zeroPoints.Length)];
        Nibbles.Pack(zeroPoints, packed);
        Write(packed, stream, advance);
    }

    private static void Write(ReadOnlySpan<byte> bytes, Stream stream, Action<long> advance)
    {
        stream.Write(bytes);
        advance(bytes.Length);
    }

    // Rows [rows, Outputs], one value a byte.
    private void ComputeValues(float[] scales, byte[] zeroPoints, long firstRow, int rows, Span<byte> codes)
    {
        var outputs = _source.Outputs;
        var tile = ArrayPool<float>.Shared.Rent(TileRows * TileColumns);
        Span<float> tileScales = stackalloc float[TileColumns], tileZeroPoints = stackalloc float[TileColumns];
        Span<byte> line = stackalloc byte[TileColumns];
        for (var part = 0; part < rows; part += TileRows)
        {
            var partRows = Math.Min(TileRows, rows - part);
            for (var first = 0; first < outputs; first += TileColumns)
            {
                var columns = Math.Min(TileColumns, outputs - first);
                _source.Read(firstRow + part, partRows, first, columns, tile, TileColumns);
                for (var row = 0; row < partRows; row++)
                {
                    if (row % QuantizationScheme.BlockSize == 0)
                    {
                        var start = ((firstRow + part + row) / QuantizationScheme.BlockSize * outputs) + first;
                        tileScales.Fill(1);
                        scales.AsSpan((int)start, columns).CopyTo(tileScales);
                        for (var column = 0; column < columns; column++)
                        {
                            tileZeroPoints[column] = zeroPoints[start + column];
                        }
                    }

                    Round(tile.AsSpan(row * TileColumns, TileColumns), tileScales, tileZeroPoints, line);
                    line[..columns].CopyTo(codes[(((part + row) * outputs) + first)..]);
                }
            }
        }

        ArrayPool<float>.Shared.Return(tile);
    }

    // Values of one row: levels from the zero point, or, in an asymmetric scheme, from 0.
    private void Round(ReadOnlySpan<float> weights, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, Span<byte> values)
    {
        var top = new Vector<float>(_scheme.LargestLevel);
        var isSymmetric = _scheme.IsSymmetric;
        Vector<int> At(ReadOnlySpan<float> weights, ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, int column)
        {
            var zero = new Vector<float>(zeroPoints[column..]);
            var level = Vector.Round(new Vector<float>(weights[column..]) / new Vector<float>(scales[column..]));
            level = Vector.Min(Vector.Max(level, -zero), top - zero);
            return Vector.ConvertToInt32(isSymmetric ? level : level + zero);
        }

        var lanes = Vector<float>.Count;
        for (var column = 0; column < weights.Length; column += 4 * lanes)
        {
            var low = Vector.Narrow(At(weights, scales, zeroPoints, column), At(weights, scales, zeroPoints, column + lanes));
            var high = Vector.Narrow(At(weights, scales, zeroPoints, column + (2 * lanes)), At(weights, scales, zeroPoints, column + (3 * lanes)));
            Vector.AsVectorByte(Vector.Narrow(low, high)).CopyTo(values[column..]);
        }
    }

    /// <summary>One of the tensors.</summary>
    private sealed class Part(QuantizedMatrix matrix, long length, Action<Stream, Action<long>> write) : TensorData
    {
        public override long Length => length;

        public override void Write(Stream stream, Action<long> advance)
        {
            write(stream, advance);
            matrix.Written(this);
        }
    }
}
