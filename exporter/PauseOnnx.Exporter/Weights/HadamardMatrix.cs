using System.Numerics;
using System.Numerics.Tensors;

namespace PauseOnnx.Exporter.Weights;

/// <summary>
/// The Hadamard matrix of Sylvester's construction, scaled so that it is its own inverse: each element of a block of states
/// becomes a sum of all, with signs, so that a large one is shared among them.
/// </summary>
internal static class HadamardMatrix
{
    /// <summary>Rows and columns. 16 spreads almost as well, 64 no better, and each costs more time.</summary>
    public const int Size = 32;

    private static readonly float Scale = 1 / MathF.Sqrt(Size);

    /// <summary>[Size, Size] row-major.</summary>
    public static float[] Values() =>
        [.. Enumerable.Range(0, Size * Size).Select(i => BitOperations.PopCount((uint)(i / Size & i % Size)) % 2 == 0 ? Scale : -Scale)];

    /// <summary>Multiplies each block of rows of a tile by the matrix, from the left.</summary>
    /// <param name="tile">Row-major.</param>
    /// <param name="rows">Number of rows, a multiple of <see cref="Size"/>.</param>
    /// <param name="columns">Number of columns.</param>
    /// <param name="stride">Elements from one row of the tile to the next.</param>
    public static void MultiplyRows(Span<float> tile, int rows, int columns, int stride)
    {
        Span<float> sum = new float[columns];
        for (var distance = 1; distance < Size; distance *= 2)
        {
            foreach (var row in Enumerable.Range(0, rows).Where(row => (row & distance) == 0))
            {
                var a = tile.Slice(row * stride, columns);
                var b = tile.Slice((row + distance) * stride, columns);
                TensorPrimitives.Add(a, b, sum);
                TensorPrimitives.Subtract(a, b, b);
                sum.CopyTo(a);
            }
        }

        for (var row = 0; row < rows; row++)
        {
            var line = tile.Slice(row * stride, columns);
            TensorPrimitives.Multiply(line, Scale, line);
        }
    }
}
