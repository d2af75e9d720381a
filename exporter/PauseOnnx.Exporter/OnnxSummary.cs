using Google.Protobuf;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>What an ONNX file says about itself, without its weights.</summary>
public sealed record OnnxSummary
{
    /// <summary>Version of the file format.</summary>
    public required long IrVersion { get; init; }

    /// <summary>The tool that wrote the file, with its version.</summary>
    public required string Producer { get; init; }

    /// <summary>Versions of operator sets by domain; ONNX's own is <c>ai.onnx</c>.</summary>
    public required IReadOnlyDictionary<string, long> Opsets { get; init; }

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

    /// <summary>Reads an ONNX file, and checks that its data files are as long as it says.</summary>
    /// <exception cref="ModelFormatException">The file, or a data file of it, is truncated, corrupt or missing.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static OnnxSummary Read(string file)
    {
        var model = Parse(file);
        CheckExternalData(model.Graph, file);
        return new OnnxSummary
        {
            IrVersion = model.IrVersion,
            Producer = $"{model.ProducerName} {model.ProducerVersion}".Trim(),
            Opsets = model.OpsetImport.DistinctBy(o => DomainName(o.Domain)).ToDictionary(o => DomainName(o.Domain), o => o.Version),
            Functions = [.. model.Functions.Select(f => $"{f.Domain}.{f.Name}")],
            Nodes = model.Graph.Node.CountBy(n => (DomainName(n.Domain), n.OpType)).ToDictionary(n => n.Key, n => n.Value),
            Inputs = [.. model.Graph.Input.Select(Describe)],
            Outputs = [.. model.Graph.Output.Select(Describe)],
            InitializerCount = model.Graph.Initializer.Count,
            Metadata = model.MetadataProps.DistinctBy(p => p.Key).ToDictionary(p => p.Key, p => p.Value),
        };
    }

    /// <summary>A domain by the name people use: ONNX's own is empty in files.</summary>
    internal static string DomainName(string domain) => domain.Length == 0 ? "ai.onnx" : domain;

    private static ModelProto Parse(string file)
    {
        try
        {
            var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(file));
            return model.Graph is { Node.Count: > 0 } && model.HasIrVersion
                ? model
                : throw new ModelFormatException($"The file has no graph; expected an ONNX model ({file}).");
        }
        catch (InvalidProtocolBufferException e)
        {
            throw new ModelFormatException($"Not an ONNX model, or truncated: {e.Message} ({file}).", e);
        }
    }

    private static void CheckExternalData(GraphProto graph, string file)
    {
        var faults = new List<string>();
        var folder = Path.GetDirectoryName(Path.GetFullPath(file))!;
        foreach (var data in graph.Initializer.Where(t => t.ExternalData.Count > 0).GroupBy(t => Entry(t, "location")))
        {
            var end = data.Max(t => Number(t, "offset") + Number(t, "length"));
            var info = new FileInfo(Path.Combine(folder, data.Key));
            if (!info.Exists)
            {
                faults.Add($"Data file '{data.Key}' is missing; expected {end} bytes of weights");
            }
            else if (info.Length < end)
            {
                faults.Add($"Data file '{data.Key}' has {info.Length} bytes; expected at least {end}: it is truncated");
            }
        }

        ModelFormatException.ThrowIfAny(faults, file);
    }

    private static string Entry(TensorProto tensor, string key) => tensor.ExternalData.FirstOrDefault(e => e.Key == key)?.Value ?? "";

    private static long Number(TensorProto tensor, string key) => long.TryParse(Entry(tensor, key), out var number) ? number : 0;

    private static string Describe(ValueInfoProto value)
    {
        var tensor = value.Type?.TensorType;
        var type = (TensorProto.Types.DataType)(tensor?.ElemType ?? 0);
        var dims = tensor?.Shape?.Dim.Select(d => d.HasDimValue ? $"{d.DimValue}" : d.DimParam) ?? [];
        return $"{value.Name}: {type.ToString().ToLowerInvariant()}[{string.Join(", ", dims)}]";
    }
}
