using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>A float32 matrix [Inputs, Outputs] row-major: the right operand of a MatMul.</summary>
internal abstract class MatrixData : CheckpointData
{
    /// <summary>Bytes of a tile that stays in a processor's own cache.</summary>
    private const int TileBytes = 1 << 19;

    /// <summary>A larger matrix is not kept in memory between tiles: fewer tiles then read it less often.</summary>
    private const int LargeTileBytes = 32 << 20;

    private const int LeastRows = 32;
    private const int MostRows = 256;

    /// <summary>Rows.</summary>
    public abstract long Inputs { get; }

    /// <summary>Columns.</summary>
    public abstract int Outputs { get; }

    public override long Count => Inputs * Outputs;

    /// <summary>Rows to write at once: a multiple of 32, which <see cref="SpreadMatrix"/> needs, unless it is the last.</summary>
    public int TileRows
    {
        get
        {
            var bytes = Length > StoredWeight.LargestResident ? LargeTileBytes : TileBytes;
            return Math.Clamp(bytes / sizeof(float) / Outputs / LeastRows * LeastRows, LeastRows, MostRows);
        }
    }

    /// <summary>Reads a part [inputs, outputs] of the matrix.</summary>
    /// <param name="firstInput">First row.</param>
    /// <param name="inputs">Number of rows.</param>
    /// <param name="firstOutput">First column.</param>
    /// <param name="outputs">Number of columns.</param>
    /// <param name="tile">Where to, row-major.</param>
    /// <param name="stride">Elements from one row of the tile to the next.</param>
    /// <exception cref="ModelFormatException">A value is not finite.</exception>
    /// <remarks>Thread-safe.</remarks>
    public abstract void Read(long firstInput, int inputs, int firstOutput, int outputs, Span<float> tile, int stride);

    /// <summary>Gives memory that reading took back to the system.</summary>
    public abstract void Release();

    /// <summary>Reads whole rows, [inputs, Outputs].</summary>
    /// <exception cref="ModelFormatException">A value is not finite.</exception>
    public void ReadRows(long firstInput, int inputs, Span<float> tile) => Read(firstInput, inputs, 0, Outputs, tile, Outputs);

    public override void Write(Stream stream, Action<long> advance)
    {
        var rowBytes = Outputs * sizeof(float);
        OrderedTiles.Write(stream, advance, Length, TileRows * rowBytes, (offset, tile) =>
            ReadRows(offset / rowBytes, tile.Length / rowBytes, MemoryMarshal.Cast<byte, float>(tile)));
        Release();
    }
}
