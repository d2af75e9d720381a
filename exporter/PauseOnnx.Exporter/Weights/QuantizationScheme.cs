namespace PauseOnnx.Exporter.Weights;

/// <summary>How the scale of a block of weights is found.</summary>
internal enum ScaleSearch
{
    /// <summary>From the block's largest and smallest weight: the least scale that clips none.</summary>
    Range,

    /// <summary>The scale, and zero point, that leaves the least squared error of those tried; never a worse one than the range's.</summary>
    LeastError,
}

/// <summary>How weights are quantized in blocks of inputs, as ONNX's DequantizeLinear has them.</summary>
/// <param name="Bits">4 or 8.</param>
/// <param name="IsSymmetric">Whether zero is in the middle of the levels (int4, int8); else each block has its own (uint4, uint8).</param>
/// <param name="Search">How scales are found.</param>
/// <param name="BlockSize">Inputs that share a scale.</param>
/// <remarks>See <see href="https://onnx.ai/onnx/operators/onnx__DequantizeLinear.html">DequantizeLinear, opset 21</see>.</remarks>
internal sealed record QuantizationScheme(int Bits, bool IsSymmetric, ScaleSearch Search, int BlockSize)
{
    /// <summary>Largest level, counted from 0: 15 or 255.</summary>
    public int LargestLevel => (1 << Bits) - 1;

    /// <summary>The level that stands for zero in a symmetric scheme: 8 or 128.</summary>
    public int MiddleLevel => 1 << (Bits - 1);

    /// <summary>Blocks of some inputs; the last may have fewer.</summary>
    public long BlocksOf(long inputs) => (inputs + BlockSize - 1) / BlockSize;
}
