using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Hosts;

/// <summary>
/// Which of the operators that a decoder can be made of TensorRT's parser takes, and with which elements. ONNX Runtime runs
/// what it does not take elsewhere, and cuts the engine in two there.
/// </summary>
/// <remarks>
/// <para>
/// What the lists of TensorRT 10.0 (opsets 9 to 20) and 10.15 (to 24) have in common. The newer one adds RMSNormalization,
/// RotaryEmbedding, and Attention and TensorScatter with restrictions: Attention takes no past and gives no present. Neither
/// has DynamicQuantizeLinear and MatMulInteger.
/// </para>
/// <para>
/// Beyond the elements: DequantizeLinear's zero points must be zero, its int4 elements in blocks of 64 or 128 along one of
/// the last two axes, an even number in a row. The axes of CumSum, Slice, Squeeze, Unsqueeze and the reductions must be
/// constants.
/// </para>
/// <para>
/// See <see href="https://github.com/onnx/onnx-tensorrt/blob/main/docs/operators.md">its operators</see> and
/// <see href="https://docs.nvidia.com/deeplearning/tensorrt/latest/inference-library/quantized-types-schemes.html">quantized types</see>.
/// </para>
/// </remarks>
internal static class TensorRtOperators
{
    private static readonly DType[] Floats = [DType.Float32, DType.Float16, DType.BFloat16];
    private static readonly DType[] Numbers = [.. Floats, DType.Int64, DType.Int32];
    private static readonly DType[] Any = [.. Numbers, DType.Bool];

    private static readonly Dictionary<string, DType[]> Supported = new()
    {
        ["Add"] = Numbers,
        ["And"] = [DType.Bool],
        ["Cast"] = Any,
        ["Concat"] = Any,
        ["Constant"] = Any,
        ["ConstantOfShape"] = Any,
        ["Cos"] = Floats,
        ["CumSum"] = Floats,
        ["DequantizeLinear"] = [DType.Int8, DType.Int4],
        ["Div"] = Numbers,
        ["Equal"] = Numbers,
        ["Erf"] = Floats,
        ["Expand"] = Any,
        ["Gather"] = Any,
        ["Gelu"] = Floats,
        ["Gemm"] = Floats,
        ["Greater"] = Numbers,
        ["GreaterOrEqual"] = Numbers,
        ["Identity"] = Any,
        ["LayerNormalization"] = Floats,
        ["Less"] = Numbers,
        ["LessOrEqual"] = Numbers,
        ["MatMul"] = Floats,
        ["Max"] = Numbers,
        ["Min"] = Numbers,
        ["Mul"] = Numbers,
        ["Neg"] = Numbers,
        ["Not"] = [DType.Bool],
        ["Or"] = [DType.Bool],
        ["Pow"] = Floats,
        ["Range"] = Numbers,
        ["ReduceMax"] = Numbers,
        ["ReduceMean"] = Numbers,
        ["ReduceSum"] = Numbers,
        ["Reshape"] = Any,
        ["Shape"] = Any,
        ["Sigmoid"] = Floats,
        ["Sin"] = Floats,
        ["Slice"] = Any,
        ["Softmax"] = Floats,
        ["Split"] = Any,
        ["Sqrt"] = Floats,
        ["Squeeze"] = Any,
        ["Sub"] = Numbers,
        ["Tanh"] = Floats,
        ["Tile"] = Any,
        ["Transpose"] = Any,
        ["Unsqueeze"] = Any,
        ["Where"] = Any,
    };

    /// <summary>Every kind of node that TensorRT would leave to others, one sentence each; empty for a graph it can run whole.</summary>
    /// <param name="graph">A graph; the bodies of its functions are looked at, too.</param>
    public static IReadOnlyList<string> FindFaults(Graph graph)
    {
        var functions = graph.Functions.Select(f => $"{f.Domain}.{f.Name}").ToHashSet();
        return [.. graph.Functions.Select(f => f.Body).Prepend(graph)
            .SelectMany(g => g.Nodes)
            .Where(n => !functions.Contains(n.QualifiedName))
            .Select(FindFault)
            .OfType<string>()
            .Distinct()];
    }

    private static string? FindFault(Node node)
    {
        if (node.Domain.Length > 0 || !Supported.TryGetValue(node.OpType, out var types))
        {
            return $"{node.QualifiedName} is not supported";
        }

        DType[] others = [.. DataTypes(node).Except(types)];
        return others.Length == 0
            ? null
            : $"{node.OpType} of {Names(others)} is not supported; expected {Names(types)}";
    }

    private static string Names(IEnumerable<DType> types) => string.Join(", ", types).ToLowerInvariant();

    // What the lists give the types of: an operator's data, which its first input is, but for the following.
    private static IEnumerable<DType> DataTypes(Node node) => node.OpType switch
    {
        "Cast" => [node.Inputs[0].Type, node.Outputs[0].Type],
        "Constant" or "ConstantOfShape" => [node.Outputs[0].Type],
        "Where" => [node.Inputs[1].Type],
        _ => [node.Inputs[0].Type],
    };
}
