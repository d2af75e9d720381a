using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>The feed-forward blocks and their nonlinearities.</summary>
internal static class FeedForwards
{
    /// <summary>SwiGLU: down(act(gate(x)) * up(x)).</summary>
    /// <remarks>See <see href="https://arxiv.org/abs/2002.05202">Shazeer, GLU Variants Improve Transformer</see>.</remarks>
    public static Value Gated(LoweringContext c, Value hidden, int layer)
    {
        using var scope = c.B.Scope("mlp");
        var gate = Activate(c, c.Linear(hidden, c.Names.Layer(layer, "mlp.gate_proj")));
        var up = c.Linear(hidden, c.Names.Layer(layer, "mlp.up_proj"));
        return c.Linear(c.B.Mul(gate, up), c.Names.Layer(layer, "mlp.down_proj"));
    }

    /// <summary>out(act(in(x))), by the names of its two linear layers.</summary>
    public static FeedForward Plain(string inName, string outName) => (c, hidden, layer) =>
    {
        using var scope = c.B.Scope("mlp");
        var inner = Activate(c, c.Linear(hidden, c.Names.Layer(layer, inName)));
        return c.Linear(inner, c.Names.Layer(layer, outName));
    };

    private static Value Activate(LoweringContext c, Value x) => c.Config.HiddenAct switch
    {
        Activation.Silu => Silu(c.B, x),
        Activation.Gelu => Gelu(c.B, x),
        Activation.GeluTanh => GeluTanh(c.B, x),
        var other => throw new NotSupportedException($"Activation is {other}; expected one of {string.Join(", ", Enum.GetNames<Activation>())}."),
    };

    private static Value Silu(GraphBuilder b, Value x) => b.Mul(x, b.Sigmoid(x));

    // x * (1 + erf(x / sqrt 2)) / 2
    private static Value Gelu(GraphBuilder b, Value x)
    {
        var erf = b.Erf(b.Div(x, b.Scalar((float)Math.Sqrt(2))));
        return b.Mul(b.Mul(x, b.Add(erf, b.Scalar(1f))), b.Scalar(0.5f));
    }

    // x * (1 + tanh(z)) / 2 with z = sqrt(2 / pi) (x + 0.044715 x^3), in the form that ONNX Runtime's FastGelu fusion knows.
    private static Value GeluTanh(GraphBuilder b, Value x)
    {
        var cubic = b.Add(b.Mul(b.Mul(x, b.Scalar(0.044715f)), x), b.Scalar(1f));
        var tanh = b.Tanh(b.Mul(b.Mul(x, b.Scalar((float)Math.Sqrt(2 / Math.PI))), cubic));
        return b.Mul(b.Mul(x, b.Scalar(0.5f)), b.Add(tanh, b.Scalar(1f)));
    }
}
