using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>ReduceMax as opset 17 has it, with its axes as an attribute; they are an input since 18.</summary>
internal sealed class AxesByAttribute : IPass
{
    public string Name => nameof(AxesByAttribute);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) => node is { OpType: "ReduceMax", Inputs.Count: 2 } ? [b.MaxOfLastAxisByAttribute(node.Inputs[0])] : null);
}
