using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Products of integers: weights as int8 with a scale for each output, states as uint8 with a scale that is found anew in
/// every call. The fastest for prompts on processors, as it multiplies four numbers where float32 multiplies one.
/// </summary>
/// <param name="exclude">Patterns of names of weights that stay as they are.</param>
internal sealed class DynamicQuantization(IReadOnlyList<string> exclude) : IPass
{
    public string Name => nameof(DynamicQuantization);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) => LinearWeights.Find(graph, node, exclude) is { } matrix
        ? [Multiply(b, node.Inputs[0], node.Inputs[1].Name, matrix)]
        : null);

    // In the order of operators of which ONNX Runtime makes one kernel.
    private static Value Multiply(GraphBuilder b, Value x, string name, MatrixData matrix)
    {
        var quantized = new ColumnQuantizedMatrix(matrix);
        var values = b.Initializer($"{name}.values", DType.Int8, [matrix.Inputs, matrix.Outputs], quantized.Values);
        var scales = b.Initializer($"{name}.scales", DType.Float32, [matrix.Outputs], quantized.Scales);
        var (bytes, scale, zeroPoint) = b.DynamicQuantizeLinear(x);
        var sums = b.Cast(b.MatMulInteger(bytes, values, zeroPoint), DType.Float32);
        return b.Mul(sums, b.Mul(scale, scales));
    }
}
