using System.Buffers;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>Scales and zero points of the blocks of a matrix.</summary>
/// <param name="Scales">[Blocks, Outputs], each above 0.</param>
/// <param name="ZeroPoints">[Blocks, Outputs], levels counted from 0; the middle level in a symmetric scheme.</param>
internal sealed record BlockScales(float[] Scales, byte[] ZeroPoints)
{
    /// <summary>Columns that a thread works on at once.</summary>
    private const int TileColumns = 64;

    /// <summary>Rows that are read at once: pieces of 1 KB, and a tile that stays in a processor's own cache.</summary>
    private const int TileRows = 256;

    /// <summary>Finds them on all processors; the same whatever their number.</summary>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    public static BlockScales Find(MatrixData source, QuantizationScheme scheme)
    {
        var count = scheme.BlocksOf(source.Inputs) * source.Outputs;
        var found = new BlockScales(new float[count], new byte[count]);
        ColumnRanges.ForEach(source.Outputs, TileColumns, (first, columns) => found.Find(source, scheme, first, columns));
        source.Release();
        return found;
    }

    private void Find(MatrixData source, QuantizationScheme scheme, int first, int columns)
    {
        Span<float> scales = stackalloc float[TileColumns], zeroPoints = stackalloc float[TileColumns];
        var tile = ArrayPool<float>.Shared.Rent(TileRows * TileColumns);

        // Columns beyond the matrix are blocks of nothing.
        tile.AsSpan().Clear();
        for (var row = 0L; row < source.Inputs; row += TileRows)
        {
            var rows = (int)Math.Min(TileRows, source.Inputs - row);
            source.Read(row, rows, first, columns, tile, TileColumns);
            for (var start = 0; start < rows; start += scheme.BlockSize)
            {
                var block = tile.AsSpan(start * TileColumns, Math.Min(scheme.BlockSize, rows - start) * TileColumns);
                ScaleFinder.Find(block, TileColumns, scheme, scales, zeroPoints);
                Store(scales[..columns], zeroPoints, ((row + start) / scheme.BlockSize * source.Outputs) + first);
            }
        }

        ArrayPool<float>.Shared.Return(tile);
    }

    private void Store(ReadOnlySpan<float> scales, ReadOnlySpan<float> zeroPoints, long first)
    {
        for (var column = 0; column < scales.Length; column++)
        {
            Scales[first + column] = scales[column];
            ZeroPoints[first + column] = (byte)zeroPoints[column];
        }
    }
}
