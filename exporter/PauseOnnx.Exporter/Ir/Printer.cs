namespace PauseOnnx.Exporter.Ir;

/// <summary>A graph as short text, one node a line: for tests, for reports and for people.</summary>
internal static class Printer
{
    /// <summary>
    /// Prints inputs, nodes with types and shapes of their results, outputs, and then the functions, whose values have other
    /// types in every call and are printed without.
    /// </summary>
    public static string Print(Graph graph)
    {
        var functions = graph.Functions.SelectMany(f => Lines(f.Body, Signature(f), UntypedLine).Prepend(""));
        return string.Concat(Lines(graph, Signature(graph), Line).Concat(functions).Select(line => line + "\n"));
    }

    /// <summary>Prints the initializers, one a line, except constants that are named by their content.</summary>
    public static string PrintWeights(Graph graph) =>
        string.Concat(graph.Initializers.Where(i => !Graph.IsNamedByContent(i.Value)).Select(i => $"  {i.Value}\n").Prepend("initializers\n"));

    /// <summary>A node with types and shapes of its results.</summary>
    public static string Line(Node node) => Line(node, string.Join(", ", node.Outputs));

    /// <summary>A node of a function.</summary>
    public static string UntypedLine(Node node) => Line(node, Names(node.Outputs));

    /// <summary>What a graph takes.</summary>
    public static string Signature(Graph graph) => $"graph {graph.Name}({string.Join(", ", graph.Inputs)})";

    /// <summary>What a function takes.</summary>
    public static string Signature(Function function) =>
        $"function {function.Domain}.{function.Name}({Names(function.Body.Inputs)}) {{{string.Join(", ", function.Attributes)}}}";

    private static IEnumerable<string> Lines(Graph graph, string signature, Func<Node, string> line) =>
        [signature, .. graph.Nodes.Select(n => $"  {line(n)}"), $"  return {Names(graph.Outputs)}"];

    private static string Line(Node node, string outputs) => $"{outputs} = {node.QualifiedName}({Names(node.Inputs)}){Attributes(node)}";

    private static string Names(IEnumerable<Value> values) => string.Join(", ", values.Select(v => v.Name));

    private static string Attributes(Node node) =>
        node.Attributes.Count == 0 ? "" : $" {{{string.Join(", ", node.Attributes.Select(a => $"{a.Key}={a.Value}"))}}}";
}
