using System.Buffers;
using System.Runtime.InteropServices;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// A matrix [Inputs, Outputs] as integers with a scale, and perhaps a zero point, for each column of each block of rows:
/// weight = (value - zero point) * scale. Scales are found when the first part is written and held until the last is; values
/// are computed while they are written.
/// </summary>
/// <remarks>The parts may be written in any order and again; not by several threads at once.</remarks>
internal sealed class QuantizedMatrix
{
    /// <summary>Columns that are read at once: a tile of them stays in a processor's own cache.</summary>
    private const int TileColumns = 64;

    private readonly MatrixData _source;
    private readonly QuantizationScheme _scheme;
    private readonly Part[] _parts;
    private readonly HashSet<Part> _unwritten = [];
    private BlockScales? _scales;

    /// <summary>Quantizes a matrix, when it is written.</summary>
    public QuantizedMatrix(MatrixData source, QuantizationScheme scheme)
    {
        (_source, _scheme) = (source, scheme);
        var scales = Blocks * source.Outputs;
        _parts =
        [
            new Part(this, BytesOf(source.Count), WriteValues),
            new Part(this, scales * sizeof(float), WriteScales),
            .. scheme.IsSymmetric ? [] : new[] { new Part(this, BytesOf(scales), WriteZeroPoints) },
        ];
    }

    /// <summary>Blocks of rows; the last may have fewer.</summary>
    public long Blocks => _scheme.BlocksOf(_source.Inputs);

    /// <summary>[Inputs, Outputs] int4, int8, uint4 or uint8; 4-bit integers two a byte.</summary>
    public TensorData Values => _parts[0];

    /// <summary>[Blocks, Outputs] float32, each above 0.</summary>
    public TensorData Scales => _parts[1];

    /// <summary>[Blocks, Outputs] of the values' type; null in a symmetric scheme.</summary>
    public TensorData? ZeroPoints => _parts.ElementAtOrDefault(2);

    /// <summary>What a runtime computes from the parts, [Inputs, Outputs].</summary>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    public float[] Dequantize()
    {
        var (rows, outputs) = (checked((int)_source.Inputs), _source.Outputs);
        var scales = _scales ?? BlockScales.Find(_source, _scheme);
        var values = new byte[checked(rows * outputs)];
        Round(scales, 0, rows, values);
        var weights = new float[values.Length];
        for (var i = 0; i < values.Length; i++)
        {
            var block = (i / outputs / _scheme.BlockSize * outputs) + (i % outputs);
            var level = _scheme.IsSymmetric ? values[i] ^ _scheme.MiddleLevel : values[i];
            weights[i] = (level - scales.ZeroPoints[block]) * scales.Scales[block];
        }

        return weights;
    }

    private long BytesOf(long count) => _scheme.Bits == 4 ? Nibbles.BytesOf(count) : count;

    private BlockScales Hold()
    {
        if (_scales is null)
        {
            _scales = BlockScales.Find(_source, _scheme);
            _unwritten.UnionWith(_parts);
        }

        return _scales;
    }

    private void Written(Part part)
    {
        _unwritten.Remove(part);
        _scales = _unwritten.Count == 0 ? null : _scales;
    }

    private void WriteValues(Stream stream, Action<long> advance)
    {
        var (scales, outputs, bits) = (Hold(), _source.Outputs, _scheme.Bits);
        OrderedTiles.Write(stream, advance, Values.Length, checked(_source.TileRows * outputs) / 8 * bits, (offset, tile) =>
        {
            var first = offset * 8 / bits / outputs;
            var rows = (int)Math.Min(_source.TileRows, _source.Inputs - first);
            var values = ArrayPool<byte>.Shared.Rent(rows * outputs);
            Round(scales, first, rows, values);
            Pack(values.AsSpan(0, rows * outputs), tile);
            ArrayPool<byte>.Shared.Return(values);
        });
        _source.Release();
    }

    private void WriteScales(Stream stream, Action<long> advance)
    {
        stream.Write(MemoryMarshal.AsBytes<float>(Hold().Scales));
        advance(Scales.Length);
    }

    private void WriteZeroPoints(Stream stream, Action<long> advance)
    {
        var zeroPoints = Hold().ZeroPoints;
        var packed = new byte[BytesOf(zeroPoints.Length)];
        Pack(zeroPoints, packed);
        stream.Write(packed);
        advance(packed.Length);
    }

    private void Pack(ReadOnlySpan<byte> values, Span<byte> packed)
    {
        if (_scheme.Bits == 4)
        {
            Nibbles.Pack(values, packed);
        }
        else
        {
            values.CopyTo(packed);
        }
    }

    // Rows [rows, Outputs], one value a byte.
    private void Round(BlockScales scales, long firstRow, int rows, Span<byte> values)
    {
        var blockSize = _scheme.BlockSize;
        Span<float> zeroPoints = stackalloc float[TileColumns];
        var tile = ArrayPool<float>.Shared.Rent(rows * TileColumns);
        for (var column = 0; column < _source.Outputs; column += TileColumns)
        {
            var columns = Math.Min(TileColumns, _source.Outputs - column);
            _source.Read(firstRow, rows, column, columns, tile, columns);
            for (var row = 0; row < rows; row++)
            {
                var block = (int)(((firstRow + row) / blockSize * _source.Outputs) + column);
                if (row == 0 || (firstRow + row) % blockSize == 0)
                {
                    Widen(scales.ZeroPoints.AsSpan(block, columns), zeroPoints);
                }

                var line = values.Slice((row * _source.Outputs) + column, columns);
                Levels.Round(tile.AsSpan(row * columns, columns), scales.Scales.AsSpan(block, columns), zeroPoints, _scheme.LargestLevel, _scheme.IsSymmetric, line);
            }
        }

        ArrayPool<float>.Shared.Return(tile);
    }

    private static void Widen(ReadOnlySpan<byte> zeroPoints, Span<float> widened)
    {
        for (var i = 0; i < zeroPoints.Length; i++)
        {
            widened[i] = zeroPoints[i];
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
