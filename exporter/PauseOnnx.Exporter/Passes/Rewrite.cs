using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>The walk that passes share: a node goes, and other nodes or values take its place.</summary>
internal static class Rewrite
{
    /// <summary>Walks a graph in order and puts other values in place of nodes' results.</summary>
    /// <param name="graph">Changed in place.</param>
    /// <param name="replace">
    /// Given a node that already takes the replaced values, and a builder that emits before it under its name: one value for
    /// each of its outputs, or null to keep the node (and nothing that was emitted). An output of the graph keeps its name: its
    /// node goes only if a newly emitted node gives its value.
    /// </param>
    /// <returns>Whether a node was replaced.</returns>
    public static bool Run(Graph graph, Func<Node, GraphBuilder, IReadOnlyList<Value>?> replace)
    {
        var (values, nodes, changed) = (new Dictionary<string, Value>(), new List<Node>(), false);
        HashSet<string> promised = [.. graph.Outputs.Select(o => o.Name)];
        foreach (var original in graph.Nodes.ToArray())
        {
            var node = original.Inputs.Any(i => values.ContainsKey(i.Name))
                ? original with { Inputs = [.. original.Inputs.Select(i => values.GetValueOrDefault(i.Name, i))] }
                : original;
            var emitted = new List<Node>();
            var builder = new GraphBuilder(graph, emitted);
            using var scope = builder.Scope(node.Outputs[0].Name);
            var results = replace(node, builder);
            if (results is null || !KeepPromises(graph, node, results, emitted, promised))
            {
                nodes.Add(node);
                continue;
            }

            changed = true;
            nodes.AddRange(emitted);
            foreach (var (output, result) in node.Outputs.Zip(results).Where(r => !promised.Contains(r.First.Name)))
            {
                values[output.Name] = result;
            }
        }

        graph.Nodes.Clear();
        graph.Nodes.AddRange(nodes);
        return changed;
    }

    /// <summary>Gives values another type, shape or name wherever they stand.</summary>
    /// <param name="graph">Changed in place.</param>
    /// <param name="change">The value in place of a value; the same one to leave it.</param>
    public static void Retype(Graph graph, Func<Value, Value> change)
    {
        static IReadOnlyList<Value> All(IReadOnlyList<Value> values, Func<Value, Value> change) =>
            values.All(v => change(v) == v) ? values : [.. values.Select(change)];
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            var node = graph.Nodes[i];
            graph.Nodes[i] = node with { Inputs = All(node.Inputs, change), Outputs = All(node.Outputs, change) };
        }

        foreach (var values in new[] { graph.Inputs, graph.Outputs })
        {
            for (var i = 0; i < values.Count; i++)
            {
                values[i] = change(values[i]);
            }
        }
    }

    // Gives results that stand for outputs of the graph the outputs' names; false when one is not newly emitted.
    private static bool KeepPromises(Graph graph, Node node, IReadOnlyList<Value> results, List<Node> emitted, HashSet<string> promised)
    {
        var outputs = node.Outputs.Zip(results).Where(r => promised.Contains(r.First.Name)).ToArray();
        if (outputs.Any(o => !emitted.Exists(n => n.Outputs.Contains(o.Second))))
        {
            return false;
        }

        foreach (var (output, result) in outputs)
        {
            var named = result with { Name = output.Name };
            for (var i = 0; i < emitted.Count; i++)
            {
                emitted[i] = emitted[i] with
                {
                    Inputs = [.. emitted[i].Inputs.Select(v => v == result ? named : v)],
                    Outputs = [.. emitted[i].Outputs.Select(v => v == result ? named : v)],
                };
            }

            graph.Outputs[graph.Outputs.IndexOf(output)] = named;
        }

        return true;
    }
}
