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
        Activation.Gelu => c.B.Gelu(x, isTanh: false),
        Activation.GeluTanh => c.B.Gelu(x, isTanh: true),
        var other => throw new NotSupportedException($"Activation is {other}; expected one of {string.Join(", ", Enum.GetNames<Activation>())}."),
    };

    private static Value Silu(GraphBuilder b, Value x) => b.Mul(x, b.Sigmoid(x));
}
