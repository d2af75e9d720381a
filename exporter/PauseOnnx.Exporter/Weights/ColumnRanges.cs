using System.Runtime.ExceptionServices;

namespace PauseOnnx.Exporter.Weights;

/// <summary>Work on columns of a matrix that are independent of each other.</summary>
internal static class ColumnRanges
{
    /// <summary>Does something for ranges of columns, on all processors.</summary>
    /// <param name="count">Number of columns.</param>
    /// <param name="width">Columns of a range; the last may have fewer.</param>
    /// <param name="work">Called with a range's first column and its number of columns; what it throws is thrown as it is.</param>
    public static void ForEach(int count, int width, Action<int, int> work)
    {
        try
        {
            Parallel.For(0, (count + width - 1) / width, range => work(range * width, Math.Min(width, count - (range * width))));
        }
        catch (AggregateException e)
        {
            ExceptionDispatchInfo.Throw(e.InnerExceptions[0]);
        }
    }
}
