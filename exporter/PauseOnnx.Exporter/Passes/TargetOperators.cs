using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Passes;

/// <summary>
/// Imports the operator sets of a target and makes sure that the target has every operator that is left: a graph that a host
/// would refuse is refused here, by the names of its operators.
/// </summary>
/// <param name="target">Name of the target.</param>
/// <param name="opset">Version of ONNX's own operators that the target has.</param>
/// <param name="hasFunctions">Whether the target knows functions of the model's own.</param>
/// <param name="findFaults">What the target lacks beyond that, one sentence each.</param>
internal sealed class TargetOperators(string target, int opset, bool hasFunctions, Func<Graph, IReadOnlyList<string>> findFaults) : IPass
{
    public string Name => nameof(TargetOperators);

    public bool Run(Graph graph)
    {
        var nodes = graph.Nodes.Concat(graph.Functions.SelectMany(f => f.Body.Nodes));
        var missing = nodes.Where(n => !Has(graph, n)).Select(n => n.QualifiedName).Distinct().Order(StringComparer.Ordinal).ToArray();
        if (missing.Length > 0)
        {
            throw new ExportException(Name, $"target {target} (opset {opset}) does not have {string.Join(", ", missing)}.");
        }

        var faults = findFaults(graph);
        if (faults.Count > 0)
        {
            throw new ExportException(Name, $"target {target} cannot run the graph: {string.Join("; ", faults)}.");
        }

        SortedDictionary<string, int> before = new(graph.Opsets, StringComparer.Ordinal);
        graph.Opsets[""] = opset;
        foreach (var unused in graph.Opsets.Keys.Where(d => d.Length > 0 && nodes.All(n => n.Domain != d)).ToArray())
        {
            graph.Opsets.Remove(unused);
        }

        return !before.SequenceEqual(graph.Opsets);
    }

    private bool Has(Graph graph, Node node) =>
        (hasFunctions && graph.Functions.Exists(f => f.Domain == node.Domain && f.Name == node.OpType))
        || Operators.IsIn(node, node.Domain.Length == 0 ? opset : graph.Opsets[node.Domain]);
}
