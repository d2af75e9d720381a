using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// RotaryEmbedding in products and sums, for hosts without the operator: x cos + (x with its halves swapped) (-sin, sin). The
/// tables get both halves, so that their rows are gathered once for all layers.
/// </summary>
internal sealed class ExpandRotary : IPass
{
    public string Name => nameof(ExpandRotary);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) => node is { OpType: "RotaryEmbedding", Domain: "" } ? [Expand(graph, node, b)] : null);

    private static Value Expand(Graph graph, Node node, GraphBuilder b)
    {
        var (x, positions, heads) = (node.Inputs[0], node.Inputs[3], node.Int("num_heads")!.Value);
        var half = node.Inputs[1].Shape[1].Length!.Value;
        var d = x.Shape[2].Length!.Value / heads;
        var cosine = b.Gather(BothHalves(graph, node.Inputs[1], isNegativeFirst: false), positions);  // [B, T, 1, R]
        var sine = b.Gather(BothHalves(graph, node.Inputs[2], isNegativeFirst: true), positions);

        var byHead = b.Reshape(x, [x.Shape[0], x.Shape[1], heads, d]);
        if (2 * half == d)
        {
            return b.Reshape(Turn(b, byHead, cosine, sine, half), x.Shape);
        }

        var parts = b.Split(byHead, 3, 2 * half, d - (2 * half));
        return b.Reshape(b.Concat(3, [Turn(b, parts[0], cosine, sine, half), parts[1]]), x.Shape);
    }

    private static Value Turn(GraphBuilder b, Value x, Value cosine, Value sine, long half)
    {
        var halves = b.Split(x, 3, half, half);
        return b.Add(b.Mul(x, cosine), b.Mul(b.Concat(3, [halves[1], halves[0]]), sine));
    }

    // [positions, R/2] -> [positions, 1, R]: gathered by [B, T] it broadcasts over heads.
    private static Value BothHalves(Graph graph, Value table, bool isNegativeFirst)
    {
        var name = $"{table.Name}.both";
        return graph.Find(name)?.Value ?? graph.Add(table.Type == DType.Float16
            ? Doubled<Half>(graph, table, name, x => isNegativeFirst ? -x : x)
            : Doubled<float>(graph, table, name, x => isNegativeFirst ? -x : x));
    }

    private static Initializer Doubled<T>(Graph graph, Value table, string name, Func<T, T> first) where T : unmanaged
    {
        var (rows, half) = (table.Shape[0].Length!.Value, (int)table.Shape[1].Length!.Value);
        var source = graph.FindConstant(table)!.As<T>();
        var both = new T[2 * source.Length];
        for (var i = 0; i < source.Length; i++)
        {
            var place = (i / half * 2 * half) + (i % half);
            (both[place], both[place + half]) = (first(source[i]), source[i]);
        }

        return new Initializer(new Value(name, table.Type, [rows, 1, 2 * half]), ConstantData.Of<T>(both));
    }
}
