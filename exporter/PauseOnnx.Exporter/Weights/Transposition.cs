namespace PauseOnnx.Exporter.Weights;

/// <summary>Turns matrices.</summary>
internal static class Transposition
{
    /// <summary>[rows, columns] to [columns, rows].</summary>
    /// <param name="source">Row-major.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="columns">Columns of the source.</param>
    /// <param name="destination">Row-major.</param>
    /// <param name="stride">Elements from one row of the destination to the next.</param>
    public static void Turn(ReadOnlySpan<float> source, int rows, int columns, Span<float> destination, int stride)
    {
        for (var row = 0; row < rows; row++)
        {
            var from = source.Slice(row * columns, columns);
            for (var column = 0; column < columns; column++)
            {
                destination[(column * stride) + row] = from[column];
            }
        }
    }
}
