using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Passes;

/// <summary>What the targets with a buffer for past and present have in common.</summary>
internal static class SharedBuffer
{
    /// <summary>Changes the lengths of past and present to the buffer's, and computes P from the lengths of mask and ids.</summary>
    /// <param name="graph">Changed in place.</param>
    /// <param name="maxLength">Positions that the buffer has.</param>
    public static void Declare(Graph graph, Dim maxLength)
    {
        Rewrite.Retype(graph, v => IsCache(v.Name) ? v with { Shape = v.Shape.With(2, maxLength) } : v);
        Rewrite.Run(graph, (node, b) => node.OpType == "Shape" && node.Inputs[0].Name == GraphNames.PastKey(0) && node.Int("start") == 2
            ? [Compute(graph, b)]
            : null);
    }

    /// <summary>P, int64 [1].</summary>
    public static Value PastLength(Graph graph) => graph.Nodes.First(n => n.OpType == GraphNames.AppendPause).Inputs[2];

    private static bool IsCache(string name) => name.StartsWith("past_key_values.", StringComparison.Ordinal) || name.StartsWith("present.", StringComparison.Ordinal);

    private static Value Compute(Graph graph, GraphBuilder b)
    {
        Value Input(string name) => graph.Inputs.First(i => i.Name == name);
        var before = b.Sub(b.DimOf(Input(GraphNames.AttentionMask), 1), b.DimOf(Input(GraphNames.InputIds), 1));
        var pauses = b.Unsqueeze(graph.Find(GraphNames.PauseCount)!.Value, 0);
        return b.Where(b.Equal(before, b.Vector(0)), b.Vector(0), b.Add(before, pauses));
    }
}
