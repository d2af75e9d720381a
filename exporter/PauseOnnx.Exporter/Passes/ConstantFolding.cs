using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Computes what is known now:
/// 1. Shape of known dimensions, and Constant;
/// 2. Cast, Neg, Sqrt, Add, Sub, Mul, Div, Concat, Reshape, Squeeze and Unsqueeze of small constants.
/// Weights and what a host may override are left alone. The folded nodes' operands are left to <see cref="DeadNodes"/>.
/// </summary>
internal sealed class ConstantFolding : IPass
{
    /// <summary>Largest operand, in bytes: shapes, axes and scalars, never a table.</summary>
    private const int SmallOperand = 1024;

    public string Name => nameof(ConstantFolding);

    public bool Run(Graph graph) => Rewrite.Run(
        graph,
        (node, _) => node.Domain.Length == 0 && node.Outputs.Count == 1 && Fold(graph, node) is { } folded ? [folded] : null);

    private static Value? Fold(Graph graph, Node node)
    {
        if (node.OpType == "Shape")
        {
            return FoldShape(graph, node);
        }

        if (node.OpType == "Constant")
        {
            return node.Int("value_int") is { } value ? graph.Constant(DType.Int64, [], value) : null;
        }

        var constants = node.Inputs.Select(graph.FindConstant).ToArray();
        if (constants.Length == 0 || constants.Any(c => c is null || c.Length > SmallOperand))
        {
            return null;
        }

        return node.Inputs[0].Type switch
        {
            DType.Int64 => FoldValues(graph, node, node.Outputs[0], [.. constants.Select(c => c!.As<long>().ToArray())]),
            DType.Float32 => FoldValues(graph, node, node.Outputs[0], [.. constants.Select(c => c!.As<float>().ToArray())]),
            _ => null,
        };
    }

    private static Value? FoldShape(Graph graph, Node node)
    {
        var (shape, output) = (node.Inputs[0].Shape, node.Outputs[0]);
        var start = node.Attributes.GetValueOrDefault("start") is IntAttribute s ? (int)s.Value : 0;
        var end = node.Attributes.GetValueOrDefault("end") is IntAttribute e ? (int)e.Value : shape.Count;
        var dims = shape.Take(start..end).Select(d => d.Length).ToArray();
        return dims.All(d => d is not null) ? graph.Constant(DType.Int64, output.Shape, [.. dims.Select(d => d!.Value)]) : null;
    }

    private static Value? FoldValues(Graph graph, Node node, Value output, long[][] operands) => node.OpType switch
    {
        "Cast" when output.Type == DType.Float32 => graph.Constant(output.Type, output.Shape, Array.ConvertAll(operands[0], x => (float)x)),
        "Cast" when output.Type == DType.Int64 => graph.Constant(output.Type, output.Shape, operands[0]),
        "Neg" => graph.Constant(output.Type, output.Shape, Array.ConvertAll(operands[0], x => -x)),
        "Add" => Elementwise(graph, output, operands, (x, y) => x + y),
        "Sub" => Elementwise(graph, output, operands, (x, y) => x - y),
        "Mul" => Elementwise(graph, output, operands, (x, y) => x * y),
        "Div" when !operands[1].Contains(0) => Elementwise(graph, output, operands, (x, y) => x / y),
        "Concat" when output.Shape.Count == 1 => graph.Constant(output.Type, output.Shape, [.. operands.SelectMany(o => o)]),
        "Reshape" or "Squeeze" or "Unsqueeze" => graph.Constant(output.Type, output.Shape, operands[0]),
        _ => null,
    };

    private static Value? FoldValues(Graph graph, Node node, Value output, float[][] operands) => node.OpType switch
    {
        "Neg" => graph.Constant(output.Type, output.Shape, Array.ConvertAll(operands[0], x => -x)),
        "Sqrt" => graph.Constant(output.Type, output.Shape, Array.ConvertAll(operands[0], MathF.Sqrt)),
        "Add" => Elementwise(graph, output, operands, (x, y) => x + y),
        "Sub" => Elementwise(graph, output, operands, (x, y) => x - y),
        "Mul" => Elementwise(graph, output, operands, (x, y) => x * y),
        "Div" => Elementwise(graph, output, operands, (x, y) => x / y),
        _ => null,
    };

    // Equal lengths, or a single value on one side: all that shapes and scalars need.
    private static Value? Elementwise<T>(Graph graph, Value output, T[][] operands, Func<T, T, T> compute) where T : unmanaged
    {
        var (a, b) = (operands[0], operands[1]);
        if (a.Length != b.Length && a.Length != 1 && b.Length != 1)
        {
            return null;
        }

        var values = new T[Math.Max(a.Length, b.Length)];
        for (var i = 0; i < values.Length; i++)
        {
            values[i] = compute(a[a.Length == 1 ? 0 : i], b[b.Length == 1 ? 0 : i]);
        }

        return graph.Constant(output.Type, output.Shape, values);
    }
}
