using System.Text;

namespace PauseOnnx.Exporter.Ir;

/// <summary>A graph as short text, one node a line: for tests, for reports and for people.</summary>
internal static class Printer
{
    /// <summary>Prints inputs, nodes with types and shapes of their results, outputs, and then the functions.</summary>
    public static string Print(Graph graph)
    {
        var text = new StringBuilder();
        Print(graph, text);
        foreach (var function in graph.Functions)
        {
            text.AppendLine();
            Print(function.Body, text, $"function {function.Domain}.", $" {{{string.Join(", ", function.Attributes)}}}");
        }

        return text.Replace("\r\n", "\n").ToString();
    }

    private static void Print(Graph graph, StringBuilder text, string kind = "graph ", string attributes = "")
    {
        text.AppendLine($"{kind}{graph.Name}({string.Join(", ", graph.Inputs)}){attributes}");
        foreach (var node in graph.Nodes)
        {
            var inputs = string.Join(", ", node.Inputs.Select(i => i.Name));
            text.AppendLine($"  {string.Join(", ", node.Outputs)} = {node.QualifiedName}({inputs}){Attributes(node)}");
        }

        text.AppendLine($"  return {string.Join(", ", graph.Outputs.Select(o => o.Name))}");
    }

    private static string Attributes(Node node) =>
        node.Attributes.Count == 0 ? "" : $" {{{string.Join(", ", node.Attributes.Select(a => $"{a.Key}={a.Value}"))}}}";
}
