using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// Gives each product with some weights a state of its own, the same one by another name, so that <see cref="JoinProjections"/>
/// leaves them apart; the passes that simplify a graph later take the names away again.
/// </summary>
/// <param name="part">What the weights' names contain.</param>
internal sealed class KeepApart(string part) : IPass
{
    public string Name => nameof(KeepApart);

    public bool Run(Graph graph)
    {
        var before = graph.Nodes.Count;
        foreach (var product in graph.Nodes.Where(IsMeant).ToArray())
        {
            var state = product.Inputs[0];
            var own = state with { Name = $"{product.Outputs[0].Name}/state" };
            var index = graph.Nodes.IndexOf(product);
            graph.Nodes[index] = product with { Inputs = [own, product.Inputs[1]] };
            graph.Nodes.Insert(index, new Node { OpType = "Identity", Inputs = [state], Outputs = [own] });
        }

        return graph.Nodes.Count > before;

        bool IsMeant(Node node) => node.OpType == "MatMul" && graph.Find(node.Inputs[1].Name)?.Data is LinearData data
            && data.Names.Any(n => n.Contains(part, StringComparison.Ordinal));
    }
}
