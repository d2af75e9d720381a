using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// RMSNormalization in the operators of opset 17, in float32 as it is defined. ONNX Runtime makes one kernel of them again.
/// </summary>
internal sealed class ExpandNorms : IPass
{
    public string Name => nameof(ExpandNorms);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) => node.OpType == "RMSNormalization" ? [Expand(node, b)] : null);

    private static Value Expand(Node node, GraphBuilder b)
    {
        var (x, scale, epsilon) = (b.Cast(node.Inputs[0], DType.Float32), node.Inputs[1], ((FloatAttribute)node.Attributes["epsilon"]).Value);
        var root = b.Sqrt(b.Add(b.Mean(b.Pow(x, b.Scalar(2f))), b.Scalar(epsilon)));
        return b.Mul(b.Cast(b.Div(x, root), scale.Type), scale);
    }
}
