using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Matrices as integers in blocks of inputs, with a DequantizeLinear before each product. ONNX Runtime makes one kernel of the
/// two, which reads the integers. The head, which decides between tokens, has 8 bits at least: it loses as much in 4 as all
/// layers together.
/// </summary>
/// <param name="scheme">Bits, zero points, blocks, and how scales are found.</param>
/// <param name="exclude">Patterns of names of weights that stay as they are.</param>
internal sealed class BlockQuantization(QuantizationScheme scheme, IReadOnlyList<string> exclude) : IPass
{
    public string Name => nameof(BlockQuantization);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) => LinearWeights.Find(graph, node, exclude) is { } matrix
        ? [b.MatMul(node.Inputs[0], Dequantized(b, node.Inputs[1].Name, matrix, node.OpType == "Gemm" ? scheme with { Bits = 8 } : scheme))]
        : null);

    private static Value Dequantized(GraphBuilder b, string name, MatrixData matrix, QuantizationScheme scheme)
    {
        var type = (scheme.Bits, scheme.IsSymmetric) switch
        {
            (4, true) => DType.Int4,
            (4, false) => DType.UInt4,
            (_, true) => DType.Int8,
            _ => DType.UInt8,
        };
        var quantized = new QuantizedMatrix(matrix, scheme);
        var values = b.Initializer($"{name}.values", type, [matrix.Inputs, matrix.Outputs], quantized.Values);
        var scales = b.Initializer($"{name}.scales", DType.Float32, [quantized.Blocks, matrix.Outputs], quantized.Scales);
        var zeroPoints = quantized.ZeroPoints is { } data ? b.Initializer($"{name}.zero_points", type, [quantized.Blocks, matrix.Outputs], data) : null;
        return b.DequantizeLinear(values, scales, zeroPoints, scheme.BlockSize);
    }
}
