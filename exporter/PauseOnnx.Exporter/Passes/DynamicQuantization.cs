using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Products of integers: weights as int8 with a scale for each output, states as uint8 with a scale that is found anew in
/// every call. The fastest for prompts on processors, as it multiplies four numbers where float32 multiplies one.
/// <list type="number">
/// <item>Each token's state is divided by its largest magnitude, and its result multiplied by it: a scale for a call then suits
/// every token, whatever the company.</item>
/// <item>What an activation gives has few elements that are large, for which the others would lose their levels. A Hadamard
/// matrix spreads each over its block, and another in the weights takes that back.</item>
/// </list>
/// </summary>
/// <param name="exclude">Patterns of names of weights that stay as they are.</param>
/// <remarks>See <see href="https://arxiv.org/abs/2404.00456">Ashkboos et al., QuaRot, section 4</see>.</remarks>
internal sealed class DynamicQuantization(IReadOnlyList<string> exclude) : IPass
{
    public string Name => nameof(DynamicQuantization);

    public bool Run(Graph graph)
    {
        HashSet<string> activations = [.. graph.Nodes.Where(n => n.OpType is "Mul" or "Gelu").Select(n => n.Outputs[0].Name)];
        return Rewrite.Run(graph, (node, b) => LinearWeights.Find(graph, node, exclude) is not { } matrix ? null
            : activations.Contains(node.Inputs[0].Name) && matrix.Inputs % HadamardMatrix.Size == 0 ? [Multiply(b, Spread(b, node.Inputs[0]), node.Inputs[1].Name, new SpreadMatrix(matrix))]
            : [Multiply(b, node.Inputs[0], node.Inputs[1].Name, matrix)]);
    }

    private static Value Spread(GraphBuilder b, Value x)
    {
        var size = HadamardMatrix.Size;
        var hadamard = b.Initializer("hadamard", DType.Float32, [size, size], ConstantData.Of<float>(HadamardMatrix.Values()));
        Shape outer = [.. x.Shape.SkipLast(1)];
        return b.Reshape(b.MatMul(b.Reshape(x, [.. outer, x.Shape[^1].Length!.Value / size, size]), hadamard), x.Shape);
    }

    private static Value Multiply(GraphBuilder b, Value x, string name, MatrixData matrix)
    {
        var quantized = new ColumnQuantizedMatrix(matrix);
        var values = b.Initializer($"{name}.values", DType.Int8, [matrix.Inputs, matrix.Outputs], quantized.Values);
        var scales = b.Initializer($"{name}.scales", DType.Float32, [matrix.Outputs], quantized.Scales);
        var largest = b.Max(b.MaxOfLastAxis(b.Abs(x)), b.Scalar(ScaleFinder.Nothing));

        // In the order of operators of which ONNX Runtime makes one kernel.
        var (bytes, scale, zeroPoint) = b.DynamicQuantizeLinear(b.Div(x, largest));
        var sums = b.Cast(b.MatMulInteger(bytes, values, zeroPoint), DType.Float32);
        return b.Mul(b.Mul(sums, b.Mul(scale, scales)), largest);
    }
}
