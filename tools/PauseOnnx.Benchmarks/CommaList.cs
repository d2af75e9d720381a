namespace PauseOnnx.Benchmarks;

/// <summary>Options that hold several words, such as <c>fp32,int4</c>.</summary>
internal static class CommaList
{
    /// <summary>The words, without the spaces around them.</summary>
    public static string[] Split(string list) => list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
}
