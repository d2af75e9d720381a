using System.IO.Enumeration;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Exporter.Passes;

/// <summary>Finds the weights that can be quantized.</summary>
internal static class LinearWeights
{
    /// <summary>The matrix that a MatMul or the head multiplies by; null for another node, or where the weight is excluded.</summary>
    /// <param name="graph">The graph.</param>
    /// <param name="node">Any node.</param>
    /// <param name="exclude">Patterns of weight names with <c>*</c>.</param>
    public static MatrixData? Find(Graph graph, Node node, IReadOnlyList<string> exclude)
    {
        var data = node.OpType switch
        {
            "MatMul" => graph.Find(node.Inputs[1].Name)?.Data as LinearData,
            "Gemm" => (graph.Find(node.Inputs[1].Name)?.Data as WeightData)?.Transposed(),
            _ => null,
        };
        return data?.Names.Any(n => IsExcluded(n, exclude)) == false ? data : null;
    }

    /// <summary>Whether a weight's name matches a pattern.</summary>
    public static bool IsExcluded(string name, IReadOnlyList<string> exclude) => exclude.Any(e => FileSystemName.MatchesSimpleExpression(e, name, ignoreCase: false));
}
