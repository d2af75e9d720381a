using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>Values that later nodes take instead of others, collected while a pass walks a graph in order.</summary>
internal sealed class Replacement(Graph graph)
{
    private readonly Dictionary<string, Value> _values = [];
    private readonly HashSet<string> _outputs = [.. graph.Outputs.Select(o => o.Name)];

    /// <summary>Whether a value's name is promised to the host and must stay.</summary>
    public bool IsOutput(Value value) => _outputs.Contains(value.Name);

    /// <summary>Uses <paramref name="replacement"/> for <paramref name="value"/> from here on.</summary>
    public void Replace(Value value, Value replacement) => _values[value.Name] = replacement;

    /// <summary>A node with its inputs replaced; the node itself when none is.</summary>
    public Node Apply(Node node) => node.Inputs.Any(i => _values.ContainsKey(i.Name))
        ? node with { Inputs = [.. node.Inputs.Select(i => _values.GetValueOrDefault(i.Name, i))] }
        : node;
}
