using System.Security.Cryptography;
using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter;

/// <summary>What differs between two ONNX files in one respect.</summary>
/// <param name="Subject">The respect, such as <c>opsets</c>.</param>
/// <param name="Lines">The differences, those of the first file behind <c>-</c> and of the second behind <c>+</c>, or <c>name: old -> new</c>; empty when there is none.</param>
public sealed record OnnxDifference(string Subject, IReadOnlyList<string> Lines);

/// <summary>Compares what two ONNX files compute, and the weights they hold.</summary>
public static class OnnxComparison
{
    /// <summary>Compares two files in every respect.</summary>
    /// <exception cref="IOException">A data file cannot be read.</exception>
    public static IReadOnlyList<OnnxDifference> Compare(OnnxSummary first, OnnxSummary second) =>
    [
        new("inputs and outputs", [.. Lists(Ends(first), Ends(second))]),
        new("metadata", [.. Values(first.Metadata, second.Metadata)]),
        new("opsets", [.. Values(first.Opsets, second.Opsets)]),
        new("operators", [.. Values(Operators(first.Graph), Operators(second.Graph))]),
        new("nodes", [.. GraphDiff.Lines(first.Graph, second.Graph, Printer.Line)]),
        new("functions", [.. Functions(first.Graph, second.Graph)]),
        new("initializers", [.. Initializers(first.Graph, second.Graph)]),
    ];

    private static IEnumerable<string> Ends(OnnxSummary summary) =>
        summary.Inputs.Select(i => $"input {i}").Concat(summary.Outputs.Select(o => $"output {o}"));

    private static Dictionary<string, int> Operators(Graph graph) => graph.Nodes.CountBy(n => n.QualifiedName).ToDictionary(n => n.Key, n => n.Value);

    private static IEnumerable<string> Lists(IEnumerable<string> first, IEnumerable<string> second) =>
        first.Except(second).Select(l => $"- {l}").Concat(second.Except(first).Select(l => $"+ {l}"));

    private static IEnumerable<string> Values<T>(IReadOnlyDictionary<string, T> first, IReadOnlyDictionary<string, T> second) =>
        from key in first.Keys.Union(second.Keys).Order(StringComparer.Ordinal)
        let values = (Old: Show(first, key), New: Show(second, key))
        where values.Old != values.New
        select $"{key}: {values.Old} -> {values.New}";

    private static string Show<T>(IReadOnlyDictionary<string, T> values, string key) => values.TryGetValue(key, out var value) ? $"{value}" : "none";

    private static IEnumerable<string> Functions(Graph first, Graph second)
    {
        foreach (var line in Lists(first.Functions.Select(Printer.Signature), second.Functions.Select(Printer.Signature)))
        {
            yield return line;
        }

        foreach (var (a, b) in first.Functions.Join(second.Functions, f => (f.Domain, f.Name), f => (f.Domain, f.Name), (a, b) => (a, b)))
        {
            foreach (var line in GraphDiff.Lines(a.Body, b.Body, Printer.UntypedLine).Concat(Initializers(a.Body, b.Body)))
            {
                yield return $"{a.Name}: {line}";
            }
        }
    }

    private static IEnumerable<string> Initializers(Graph first, Graph second)
    {
        foreach (var line in Lists(Without(first, second), Without(second, first)))
        {
            yield return line;
        }

        foreach (var (a, b) in first.Initializers.Join(second.Initializers, i => i.Value.Name, i => i.Value.Name, (a, b) => (a, b)))
        {
            if (a.Value != b.Value)
            {
                yield return $"{a.Value} -> {b.Value}";
            }
            else if (!HashOf(a.Data).SequenceEqual(HashOf(b.Data)))
            {
                yield return $"{a.Value} has other bytes";
            }
        }
    }

    // Constants are named by their content, and so are seen in the nodes that use them.
    private static IEnumerable<string> Without(Graph graph, Graph other) =>
        graph.Initializers.Select(i => i.Value).Where(v => !Graph.IsNamedByContent(v) && other.Find(v.Name) is null).Select(v => $"{v}");

    private static byte[] HashOf(TensorData data)
    {
        using var hash = SHA256.Create();
        using (var stream = new CryptoStream(Stream.Null, hash, CryptoStreamMode.Write))
        {
            data.Write(stream, _ => { });
        }

        return hash.Hash!;
    }
}
