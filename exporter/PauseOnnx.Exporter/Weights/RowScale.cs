namespace PauseOnnx.Exporter.Weights;

/// <summary>Scales from the largest magnitude alone.</summary>
internal static class RowScale
{
    private const float Nothing = 1e-37f;

    /// <summary>The scale with which the largest level stands for the largest magnitude; 1 where there is nothing but zeros.</summary>
    public static float Of(float largest, int largestLevel) => largest / largestLevel is > Nothing and var scale ? scale : 1;
}
