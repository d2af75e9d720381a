using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Passes;

/// <summary>The table of token embeddings as int8 with a scale for each row, multiplied after the rows are gathered.</summary>
/// <param name="exclude">Patterns of names of weights that stay as they are.</param>
internal sealed class QuantizedEmbedding(IReadOnlyList<string> exclude) : IPass
{
    public string Name => nameof(QuantizedEmbedding);

    public bool Run(Graph graph) => Rewrite.Run(graph, (node, b) =>
        node.OpType == "Gather" && graph.Find(node.Inputs[0].Name)?.Data is WeightData table
        && table.Name != WeightNames.Positions && !LinearWeights.IsExcluded(table.Name, exclude)
            ? [Gather(b, table, node.Inputs[1])]
            : null);

    private static Value Gather(GraphBuilder b, WeightData table, Value ids)
    {
        var quantized = new QuantizedRows(table);
        var values = b.Initializer($"{table.Name}.values", DType.Int8, [table.Rows, table.Columns], quantized.Values);
        var scales = b.Initializer($"{table.Name}.scales", DType.Float32, [table.Rows, 1], quantized.Scales);
        return b.Mul(b.Cast(b.Gather(values, ids), DType.Float32), b.Gather(scales, ids));
    }
}
