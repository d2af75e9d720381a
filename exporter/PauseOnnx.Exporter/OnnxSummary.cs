using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>What an ONNX file says about itself, without its weights.</summary>
public sealed record OnnxSummary
{
    private OnnxSummary(Graph graph) => Graph = graph;

    /// <summary>Version of the file format.</summary>
    public required long IrVersion { get; init; }

    /// <summary>The tool that wrote the file, with its version.</summary>
    public required string Producer { get; init; }

    /// <summary>Versions of operator sets by domain; ONNX's own is <c>ai.onnx</c>.</summary>
    public required IReadOnlyDictionary<string, int> Opsets { get; init; }

    /// <summary>Model-local functions, as <c>domain.name</c>.</summary>
    public required IReadOnlyList<string> Functions { get; init; }

    /// <summary>Nodes of the graph by domain and operator.</summary>
    public required IReadOnlyDictionary<(string Domain, string Operator), int> Nodes { get; init; }

    /// <summary>Inputs as <c>name: type[dims]</c>.</summary>
    public required IReadOnlyList<string> Inputs { get; init; }

    /// <summary>Outputs as <c>name: type[dims]</c>.</summary>
    public required IReadOnlyList<string> Outputs { get; init; }

    /// <summary>Number of tensors the file or its data files hold.</summary>
    public required int InitializerCount { get; init; }

    /// <summary>The metadata_props, by key.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    /// <summary>The graph with its functions; its weights stay in the file.</summary>
    internal Graph Graph { get; }

    /// <summary>Reads an ONNX file, and checks that its data files are inside its folder and as long as it says.</summary>
    /// <exception cref="ModelFormatException">
    /// The file, or a data file of it, is truncated, corrupt, missing or outside the folder, or has something that PauseOnnx
    /// has no word for; all faults are listed.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static OnnxSummary Read(string file)
    {
        var (model, graph) = OnnxReader.Read(file);
        return new OnnxSummary(graph)
        {
            IrVersion = model.IrVersion,
            Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim(),
            Opsets = graph.Opsets.ToDictionary(o => DomainName(o.Key), o => o.Value),
            Functions = [.. graph.Functions.Select(f => $"{f.Domain}.{f.Name}")],
            Nodes = graph.Nodes.CountBy(n => (DomainName(n.Domain), n.OpType)).ToDictionary(n => n.Key, n => n.Value),
            Inputs = [.. graph.Inputs.Select(i => $"{i}")],
            Outputs = [.. graph.Outputs.Select(o => $"{o}")],
            InitializerCount = graph.Initializers.Count,
            Metadata = model.MetadataProps.DistinctBy(p => p.Key).ToDictionary(p => p.Key, p => p.Value),
        };
    }

    /// <summary>The graph as text: one node a line with types and shapes of its results, then the functions, then the weights.</summary>
    public string Print() => $"{Printer.Print(Graph)}\n{Printer.PrintWeights(Graph)}";

    /// <summary>A domain by the name people use: ONNX's own is empty in files.</summary>
    internal static string DomainName(string domain) => domain.Length == 0 ? "ai.onnx" : domain;
}
