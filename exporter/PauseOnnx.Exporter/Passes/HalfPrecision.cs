using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// float16 in place of float32: weights, states, keys and values. Norms and softmax compute in float32, as their operators
/// are defined to; logits go out in float32.
/// </summary>
internal sealed class HalfPrecision : IPass
{
    public string Name => nameof(HalfPrecision);

    public bool Run(Graph graph)
    {
        if (!graph.Inputs.Exists(i => i.Type == DType.Float32))
        {
            return false;
        }

        var initializers = graph.Initializers.Where(i => i.Value.Type == DType.Float32).ToArray().ToDictionary(i => i.Value, i => ToHalf(graph, i));
        Rewrite.Retype(graph, v => initializers.TryGetValue(v, out var half) ? half : v.Type == DType.Float32 ? v with { Type = DType.Float16 } : v);
        Float32Logits(graph);
        return true;
    }

    private static Value ToHalf(Graph graph, Initializer initializer)
    {
        var (value, data) = initializer;
        if (data is ConstantData constant)
        {
            // What is too small or too large for float16 becomes its least or greatest number: a mask stays finite.
            var halves = Array.ConvertAll(constant.As<float>().ToArray(), x => (Half)Math.Clamp(x, (float)Half.MinValue, (float)Half.MaxValue));
            if (value.Shape.Count < 2)
            {
                return graph.Constant<Half>(DType.Float16, value.Shape, halves);
            }

            data = ConstantData.Of<Half>(halves);
        }
        else
        {
            data = new ConvertedData((CheckpointData)data, DType.Float16);
        }

        graph.Remove(initializer);
        return graph.Add(new Initializer(value with { Type = DType.Float16 }, data));
    }

    private static void Float32Logits(Graph graph)
    {
        var index = graph.Outputs.FindIndex(o => o.Name == GraphNames.Logits);
        var logits = graph.Outputs[index];
        var half = logits with { Name = $"{GraphNames.Logits}.float16" };
        Rewrite.Retype(graph, v => v == logits ? half : v);
        graph.Outputs[index] = new GraphBuilder(graph, graph.Nodes).Cast(half, DType.Float32, GraphNames.Logits);
    }
}
