namespace PauseOnnx.Exporter.Weights;

/// <summary>The scale of int8 weights from -127 to 127 that share one: a whole column, or a whole row.</summary>
internal static class SymmetricScale
{
    /// <summary>The level that stands for 0, counted from -128.</summary>
    public const int MiddleLevel = 128;

    private const float LargestValue = 127;

    /// <summary>The scale with which 127 stands for the largest magnitude; 1 where all are too small to have one.</summary>
    public static float Of(float largest) => largest / LargestValue is > ScaleFinder.Nothing and var scale ? scale : 1;
}
