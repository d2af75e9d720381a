using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Removes nodes that return their first input as it is:
/// 1. Identity; Concat of one part; Cast to the same type;
/// 2. Reshape, Expand and Tile to the same shape;
/// 3. Transpose that keeps the order.
/// A node whose result is promised to the host stays.
/// </summary>
internal sealed class IdentityRemoval : IPass
{
    public string Name => nameof(IdentityRemoval);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, _) => IsIdentity(node) ? [node.Inputs[0]] : null);

    // A symbolic dimension stands for one length throughout a graph, so equal shapes are equal when the model runs.
    private static bool IsIdentity(Node node) => node.Domain.Length == 0 && node.OpType switch
    {
        "Identity" => true,
        "Concat" => node.Inputs.Count == 1,
        "Cast" => node.Inputs[0].Type == node.Outputs[0].Type,
        "Reshape" or "Expand" or "Tile" => node.Inputs[0].Shape.Equals(node.Outputs[0].Shape),
        "Transpose" => node.Attributes["perm"] is IntsAttribute p && p.Values.Select((axis, i) => axis == i).All(same => same),
        _ => false,
    };
}
