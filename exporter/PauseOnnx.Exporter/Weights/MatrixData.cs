using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>A float32 matrix [Inputs, Outputs] row-major: the right operand of a MatMul.</summary>
internal abstract class MatrixData : CheckpointData
{
    private const int TileBytes = 4 << 20;
    private const int LeastRows = 64;
    private const int MostRows = 256;

    /// <summary>Rows.</summary>
    public abstract long Inputs { get; }

    /// <summary>Columns.</summary>
    public abstract int Outputs { get; }

    public override long Count => Inputs * Outputs;

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
        var rows = Math.Clamp(TileBytes / rowBytes, LeastRows, MostRows);
        OrderedTiles.Write(stream, advance, Length, rows * rowBytes, (offset, tile) =>
            ReadRows(offset / rowBytes, tile.Length / rowBytes, MemoryMarshal.Cast<byte, float>(tile)));
        Release();
    }
}
