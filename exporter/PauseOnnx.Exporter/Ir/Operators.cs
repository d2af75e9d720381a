namespace PauseOnnx.Exporter.Ir;

/// <summary>
/// The operators that graphs are made of, each with the versions of its domain that have it in the form emitted here.
/// </summary>
/// <remarks>
/// See <see href="https://onnx.ai/onnx/operators/">ONNX's operators</see> and
/// <see href="https://github.com/microsoft/onnxruntime/blob/main/docs/ContribOperators.md">those of com.microsoft</see>.
/// </remarks>
internal static class Operators
{
    /// <summary>Domain of ONNX Runtime's own operators.</summary>
    public const string Microsoft = "com.microsoft";

    /// <summary>Newest version of ONNX's own operators that any target uses.</summary>
    public const int NewestOpset = 24;

    private static readonly Dictionary<(string Domain, string OpType), (int Since, int Until)> Known = new()
    {
        [("", "Abs")] = (13, int.MaxValue),
        [("", "Add")] = (14, int.MaxValue),
        [("", "And")] = (7, int.MaxValue),
        [("", "Attention")] = (23, int.MaxValue),
        [("", "Cast")] = (13, int.MaxValue),
        [("", "Concat")] = (13, int.MaxValue),
        [("", "Constant")] = (13, int.MaxValue),
        [("", "CumSum")] = (14, int.MaxValue),
        [("", "DequantizeLinear")] = (21, int.MaxValue), // Since 10, in blocks since 21.
        [("", "Div")] = (14, int.MaxValue),
        [("", "DynamicQuantizeLinear")] = (11, int.MaxValue),
        [("", "Equal")] = (13, int.MaxValue),
        [("", "Erf")] = (13, int.MaxValue),
        [("", "Expand")] = (13, int.MaxValue),
        [("", "Gather")] = (13, int.MaxValue),
        [("", "Gelu")] = (20, int.MaxValue),
        [("", "Gemm")] = (13, int.MaxValue),
        [("", "Identity")] = (14, int.MaxValue),
        [("", "LayerNormalization")] = (17, int.MaxValue),
        [("", "LessOrEqual")] = (16, int.MaxValue),
        [("", "MatMul")] = (13, int.MaxValue),
        [("", "MatMulInteger")] = (10, int.MaxValue),
        [("", "Max")] = (13, int.MaxValue),
        [("", "Mul")] = (14, int.MaxValue),
        [("", "Neg")] = (13, int.MaxValue),
        [("", "Or")] = (7, int.MaxValue),
        [("", "Pow")] = (15, int.MaxValue),
        [("", "Range")] = (11, int.MaxValue),
        [("", "ReduceMax")] = (13, int.MaxValue), // Its axes are an attribute to 17, an input since 18.
        [("", "ReduceMean")] = (13, 17), // Its axes are an attribute; an input since 18.
        [("", "Reshape")] = (14, int.MaxValue),
        [("", "RMSNormalization")] = (23, int.MaxValue),
        [("", "RotaryEmbedding")] = (23, int.MaxValue),
        [("", "Shape")] = (15, int.MaxValue),
        [("", "Sigmoid")] = (13, int.MaxValue),
        [("", "SimplifiedLayerNormalization")] = (1, int.MaxValue), // ONNX Runtime's own.
        [("", "Slice")] = (13, int.MaxValue),
        [("", "Softmax")] = (13, int.MaxValue),
        [("", "Split")] = (13, int.MaxValue),
        [("", "Sqrt")] = (13, int.MaxValue),
        [("", "Squeeze")] = (13, int.MaxValue),
        [("", "Sub")] = (14, int.MaxValue),
        [("", "Tanh")] = (13, int.MaxValue),
        [("", "TensorScatter")] = (24, int.MaxValue),
        [("", "Tile")] = (13, int.MaxValue),
        [("", "Transpose")] = (13, int.MaxValue),
        [("", "Unsqueeze")] = (13, int.MaxValue),
        [("", "Where")] = (16, int.MaxValue),
        [(Microsoft, "GroupQueryAttention")] = (1, int.MaxValue),
        [(Microsoft, "RotaryEmbedding")] = (1, int.MaxValue),
    };

    /// <summary>Whether the operator of a node is one of these.</summary>
    public static bool IsKnown(Node node) => Known.ContainsKey((node.Domain, node.OpType));

    /// <summary>Whether a version of the node's domain has its operator.</summary>
    public static bool IsIn(Node node, int version) =>
        Known.TryGetValue((node.Domain, node.OpType), out var range) && version >= range.Since && version <= range.Until;
}
