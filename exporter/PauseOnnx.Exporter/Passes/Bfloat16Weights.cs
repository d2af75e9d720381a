using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Matrices and tables are held in bfloat16, keys and values in float16, and everything is computed in float32: half the
/// bytes for hosts that compute with neither. ONNX Runtime converts the weights once, when it loads them.
/// </summary>
internal sealed class Bfloat16Weights : IPass
{
    public string Name => nameof(Bfloat16Weights);

    public bool Run(Graph graph)
    {
        var matrices = graph.Initializers.Where(i => i.Value is { Type: DType.Float32, Shape.Count: > 1 } && i.Data is CheckpointData).ToArray();
        var casts = new List<Node>();
        var b = new GraphBuilder(graph, casts);
        foreach (var matrix in matrices)
        {
            graph.Remove(matrix);
            var held = graph.Add(new Initializer(matrix.Value with { Name = $"{matrix.Value.Name}.bfloat16", Type = DType.BFloat16 }, new ConvertedData((CheckpointData)matrix.Data, DType.BFloat16)));
            b.Cast(held, DType.Float32, matrix.Value.Name);
        }

        foreach (var past in graph.Inputs.Where(i => i.Type == DType.Float32).ToArray())
        {
            var widened = past with { Name = $"{past.Name}.float32" };
            Rewrite.Retype(graph, v => v == past ? widened : v);
            graph.Inputs[graph.Inputs.IndexOf(widened)] = past with { Type = DType.Float16 };
            b.Cast(past with { Type = DType.Float16 }, DType.Float32, widened.Name);
        }

        var end = new GraphBuilder(graph, graph.Nodes);
        foreach (var present in graph.Outputs.Where(o => o.Type == DType.Float32 && o.Name != GraphNames.Logits).ToArray())
        {
            var wide = present with { Name = $"{present.Name}.float32" };
            Rewrite.Retype(graph, v => v == present ? wide : v);
            graph.Outputs[graph.Outputs.IndexOf(wide)] = end.Cast(wide, DType.Float16, present.Name);
        }

        graph.Nodes.InsertRange(0, casts);
        return casts.Count > 0;
    }
}
