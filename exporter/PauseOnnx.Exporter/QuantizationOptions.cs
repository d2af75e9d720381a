using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Exporter;

/// <summary>How weights become integers.</summary>
public sealed record QuantizationOptions
{
    /// <summary>Of <see cref="BlockSize"/>.</summary>
    public const int DefaultBlockSize = 128;

    /// <summary>Patterns of names of weights that stay float32, with <c>*</c>: <c>*.down_proj.weight</c>, <c>lm_head.*</c>.</summary>
    /// <value>Default: none.</value>
    public IReadOnlyList<string> Exclude { get; init; } = [];

    /// <summary>Whether a block's levels lie about zero; else each block has a zero point of its own.</summary>
    /// <value>Default: true.</value>
    public bool IsSymmetric { get; init; } = true;

    /// <summary>Whether scales are those that leave the least squared error; else each block's range decides.</summary>
    /// <value>Default: true.</value>
    public bool LeastError { get; init; } = true;

    /// <summary>Inputs that share a scale: 32, 64 or 128. Larger blocks are faster and smaller, and lose more.</summary>
    /// <value>Default: 128.</value>
    public int BlockSize { get; init; } = DefaultBlockSize;

    /// <summary>The scheme for integers of this many bits.</summary>
    internal QuantizationScheme Scheme(int bits) => new(bits, IsSymmetric, LeastError ? ScaleSearch.LeastError : ScaleSearch.Range, BlockSize);
}
