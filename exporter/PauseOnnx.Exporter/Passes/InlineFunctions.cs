using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>Puts the bodies of functions in place of their calls, for hosts that know no functions.</summary>
internal sealed class InlineFunctions : IPass
{
    public string Name => nameof(InlineFunctions);

    public bool Run(Graph graph)
    {
        var changed = Rewrite.Run(graph, (node, b) =>
            graph.Functions.Find(f => f.Domain == node.Domain && f.Name == node.OpType) is { } function ? Inline(graph, node, function, b) : null);
        graph.Functions.Clear();
        return changed;
    }

    private static Value[] Inline(Graph graph, Node call, Function function, GraphBuilder b)
    {
        var values = function.Body.Inputs.Zip(call.Inputs).ToDictionary(p => p.First, p => p.Second);
        foreach (var constant in function.Body.Initializers)
        {
            values[constant.Value] = graph.Find(constant.Value.Name)?.Value ?? graph.Add(constant);
        }

        var scope = new Scope(call, function);
        foreach (var node in function.Body.Nodes)
        {
            foreach (var output in node.Outputs)
            {
                values[output] = scope.Rename(output);
            }

            b.Add(node with
            {
                Inputs = [.. node.Inputs.Select(i => values[i])],
                Outputs = [.. node.Outputs.Select(o => values[o])],
                Attributes = node.Attributes.ToDictionary(a => a.Key, a => a.Value is ReferenceAttribute r ? call.Attributes[r.Name] : a.Value),
            });
        }

        return [.. function.Body.Outputs.Select((o, i) => values[o])];
    }

    /// <summary>
    /// Names of a body's values and lengths outside of it: those of its inputs are the call's, others begin with the call's
    /// name. A body that takes any type speaks of it as the type of its input.
    /// </summary>
    private sealed class Scope
    {
        private readonly string _prefix;
        private readonly Dictionary<Dim, Dim> _dims = [];
        private readonly Dictionary<DType, DType> _types = [];
        private readonly Dictionary<Value, Value> _results;

        public Scope(Node call, Function function)
        {
            _prefix = call.Outputs[0].Name;
            _results = function.Body.Outputs.Zip(call.Outputs).ToDictionary(r => r.First, r => r.Second);
            foreach (var (inside, outside) in function.Body.Inputs.Zip(call.Inputs))
            {
                _types[inside.Type] = outside.Type;
                foreach (var (dim, length) in inside.Shape.Zip(outside.Shape).Where(d => d.First.Symbol is not null))
                {
                    _dims[dim] = length;
                }
            }
        }

        public Value Rename(Value value)
        {
            var name = $"{_prefix}/{value.Name}";
            if (_results.TryGetValue(value, out var result))
            {
                return result with { Name = name };
            }

            Shape shape = [.. value.Shape.Select(d => d.Symbol is null ? d : _dims.GetValueOrDefault(d, (Dim)$"{_prefix}/{d}"))];
            return new Value(name, _types.GetValueOrDefault(value.Type, value.Type), shape);
        }
    }
}
