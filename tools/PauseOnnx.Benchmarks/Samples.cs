namespace PauseOnnx.Benchmarks;

/// <summary>What was measured several times.</summary>
internal static class Samples
{
    /// <summary>The middle one; of an even number the higher of the two.</summary>
    public static double Median(this IReadOnlyCollection<double> values) => values.Order().ElementAt(values.Count / 2);

    /// <summary>Median and, in brackets, the least.</summary>
    /// <param name="values">At least one.</param>
    /// <param name="format">Of both numbers.</param>
    public static string MedianAndLeast(this IReadOnlyCollection<double> values, string format) =>
        $"{values.Median().ToString(format)} ({values.Min().ToString(format)})";
}
