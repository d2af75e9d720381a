namespace PauseOnnx.Benchmarks.LlamaCpp;

/// <summary>How a tensor of a GGUF file holds its numbers, by ggml's own number of each way.</summary>
internal enum GgufType
{
    /// <summary>float32.</summary>
    F32 = 0,

    /// <summary>Blocks of 32: a float16 scale, then 16 bytes of two 4-bit values.</summary>
    Q4 = 2,

    /// <summary>Blocks of 32: a float16 scale, then 32 signed bytes.</summary>
    Q8 = 8,
}

/// <summary>The names and sizes of <see cref="GgufType"/>.</summary>
internal static class GgufTypes
{
    /// <summary>Values that share a scale.</summary>
    public const int BlockLength = 32;

    private const int ScaleBytes = 2;

    /// <summary>llama.cpp's name, such as <c>q4_0</c>.</summary>
    public static string NameOf(GgufType type) => type switch
    {
        GgufType.F32 => "f32",
        GgufType.Q4 => "q4_0",
        GgufType.Q8 => "q8_0",
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Expected F32, Q4 or Q8."),
    };

    /// <summary>The type of a name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static GgufType Parse(string name) => Enum.GetValues<GgufType>().Where(t => NameOf(t) == name).Cast<GgufType?>().FirstOrDefault()
        ?? throw new ArgumentException($"The type is '{name}'; expected one of {string.Join(", ", Enum.GetValues<GgufType>().Select(NameOf))}.");

    /// <summary>Bytes of a number of values.</summary>
    /// <param name="type">The type.</param>
    /// <param name="count">A multiple of <see cref="BlockLength"/>, but for F32.</param>
    public static long BytesOf(GgufType type, long count) => type switch
    {
        GgufType.F32 => count * sizeof(float),
        GgufType.Q4 => count / BlockLength * (ScaleBytes + (BlockLength / 2)),
        GgufType.Q8 => count / BlockLength * (ScaleBytes + BlockLength),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "Expected F32, Q4 or Q8."),
    };
}
