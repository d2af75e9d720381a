using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Products of one state with several weights become one product with the weights side by side, as queries, keys and values are:
/// fewer nodes, and what <see cref="JoinRotary"/> needs. Their biases are joined too. Wide products stay apart, as gate and up
/// do: each fills a processor by itself, and splitting their result costs more than a node does.
/// </summary>
internal sealed class JoinProjections : IPass
{
    /// <summary>How many times as wide as the state a result may be.</summary>
    private const int Widest = 2;

    public string Name => nameof(JoinProjections);

    public bool Run(Graph graph)
    {
        var changed = false;
        var groups = graph.Nodes.Where(n => MatrixOf(graph, n) is { } matrix && matrix.Outputs <= Widest * matrix.Inputs).GroupBy(n => n.Inputs[0]).Where(g => g.Count() > 1).ToArray();
        foreach (var group in groups)
        {
            changed |= Join(graph, [.. group]);
        }

        return changed;
    }

    private static LinearData? MatrixOf(Graph graph, Node node) => node.OpType == "MatMul" ? graph.Find(node.Inputs[1].Name)?.Data as LinearData : null;

    private static bool Join(Graph graph, Node[] products)
    {
        var biased = products.Select(p => BiasOf(graph, p)).ToArray();
        if (biased.Any(b => b is null) && biased.Any(b => b is not null))
        {
            return false;
        }

        var emitted = new List<Node>();
        var b = new GraphBuilder(graph, emitted);
        using var scope = b.Scope(products[0].Outputs[0].Name);
        var data = LinearData.Join([.. products.Select(p => MatrixOf(graph, p)!)]);
        var weight = b.Initializer(JoinedName(products.Select(p => p.Inputs[1])), products[0].Inputs[1].Type, [data.Inputs, data.Outputs], data);
        var joined = b.MatMul(products[0].Inputs[0], weight);
        if (biased is [{ }, ..])
        {
            var vectors = biased.Select(n => n!.Inputs[1]).ToArray();
            var vector = VectorData.Join([.. vectors.Select(v => (VectorData)graph.Find(v.Name)!.Data)]);
            joined = b.Add(joined, b.Initializer(JoinedName(vectors), vectors[0].Type, [data.Outputs], vector));
        }

        Node[] last = [.. products.Select((p, i) => biased[i] ?? p)];
        b.SplitInto([.. last.Select(n => n.Outputs[0])], joined, joined.Shape.Count - 1);
        graph.Nodes.InsertRange(graph.Nodes.IndexOf(products[0]), emitted);
        graph.Nodes.RemoveAll(n => products.Contains(n) || last.Contains(n));
        return true;
    }

    // The node that adds a vector from the checkpoint to a product nobody else uses.
    private static Node? BiasOf(Graph graph, Node product)
    {
        var users = graph.Nodes.Where(n => n.Inputs.Contains(product.Outputs[0])).Take(2).ToArray();
        return users is [{ OpType: "Add" } add] && graph.Find(add.Inputs[1].Name)?.Data is VectorData ? add : null;
    }

    private static string JoinedName(IEnumerable<Value> values) => string.Join('+', values.Select(v => v.Name));
}
