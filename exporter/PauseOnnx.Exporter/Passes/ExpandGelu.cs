using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>Gelu in the operators of opset 17, in the forms of which ONNX Runtime makes one kernel again.</summary>
internal sealed class ExpandGelu : IPass
{
    public string Name => nameof(ExpandGelu);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) => node.OpType != "Gelu" ? null
        : node.Attributes["approximate"] is StringAttribute { Value: "tanh" } ? [ByTanh(node.Inputs[0], b)]
        : [ByErf(node.Inputs[0], b)]);

    // x * (1 + erf(x / sqrt 2)) / 2
    private static Value ByErf(Value x, GraphBuilder b)
    {
        var erf = b.Erf(b.Div(x, b.Scalar((float)Math.Sqrt(2), x.Type)));
        return b.Mul(b.Mul(x, b.Add(erf, b.Scalar(1f, x.Type))), b.Scalar(0.5f, x.Type));
    }

    // x * (1 + tanh(z)) / 2 with z = sqrt(2 / pi) (x + 0.044715 x^3)
    private static Value ByTanh(Value x, GraphBuilder b)
    {
        var cubic = b.Add(b.Mul(b.Mul(x, b.Scalar(0.044715f, x.Type)), x), b.Scalar(1f, x.Type));
        var tanh = b.Tanh(b.Mul(b.Mul(x, b.Scalar((float)Math.Sqrt(2 / Math.PI), x.Type)), cubic));
        return b.Mul(b.Mul(x, b.Scalar(0.5f, x.Type)), b.Add(tanh, b.Scalar(1f, x.Type)));
    }
}
