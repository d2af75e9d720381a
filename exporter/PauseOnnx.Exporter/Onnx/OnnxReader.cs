using System.Numerics;
using System.Security.Cryptography;
using Google.Protobuf;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;
using AttributeType = PauseOnnx.Exporter.Onnx.AttributeProto.Types.AttributeType;
using Dimension = PauseOnnx.Exporter.Onnx.TensorShapeProto.Types.Dimension;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>
/// An ONNX file as a graph: what <see cref="OnnxWriter"/> wrote comes back as it was, and files of other tools as far as the
/// graph has words for them. Weights stay where they are. A value that the file gives no type, as in every function, is
/// <see cref="DType.Undefined"/>; an unnamed dimension is <c>?</c>, and an unknown shape one dimension <c>...</c>.
/// </summary>
internal sealed class OnnxReader
{
    /// <summary>Attributes whose integer is an element type.</summary>
    private static readonly string[] TypeAttributes = ["to", "dtype", "output_dtype"];

    private readonly DataFiles _dataFiles;
    private readonly List<string> _faults = [];

    private OnnxReader(string file) => _dataFiles = new DataFiles(file);

    /// <summary>Reads a file, and checks that its data files are inside its folder and as long as it says.</summary>
    /// <returns>The graph, and the message of the file for all that is no part of it.</returns>
    /// <exception cref="ModelFormatException">
    /// The file, or a data file of it, is truncated, corrupt, missing or outside the folder, or has something that the graph
    /// has no word for; all faults are listed.
    /// </exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static (ModelProto Model, Graph Graph) Read(string file)
    {
        var model = Parse(file);
        var reader = new OnnxReader(file);
        var graph = reader.ToGraph(model);
        ModelFormatException.ThrowIfAny([.. reader._faults, .. reader._dataFiles.FindFaults()], file);
        return (model, graph);
    }

    private static ModelProto Parse(string file)
    {
        if (Directory.Exists(file))
        {
            throw new ModelFormatException($"'{file}' is a folder; expected an ONNX file.");
        }

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

    private Graph ToGraph(ModelProto model)
    {
        var proto = model.Graph;
        _faults.AddRange(proto.SparseInitializer.Take(1).Select(_ => $"{proto.SparseInitializer.Count} initializers are sparse; expected dense tensors only"));
        var graph = new Graph(proto.Name);
        AddOpsets(model.OpsetImport, graph);
        var values = new Dictionary<string, Value>();
        foreach (var value in proto.Input.Concat(proto.Output).Concat(proto.ValueInfo).Select(ToValue))
        {
            values.TryAdd(value.Name, value);
        }

        foreach (var tensor in proto.Initializer)
        {
            AddInitializer(tensor, tensor.Name, graph, values);
        }

        Fill(graph, proto.Input.Select(i => i.Name), proto.Output.Select(o => o.Name), proto.Node, values);
        graph.Functions.AddRange(model.Functions.Select(f => ToFunction(f, graph.Opsets.GetValueOrDefault(f.Domain))));
        return graph;
    }

    private Function ToFunction(FunctionProto proto, int version)
    {
        var body = new Graph(proto.Name);
        AddOpsets(proto.OpsetImport, body);
        Fill(body, proto.Input, proto.Output, proto.Node, []);
        return new Function(proto.Domain, version, body, proto.Attribute);
    }

    private static void AddOpsets(IEnumerable<OperatorSetIdProto> opsets, Graph graph)
    {
        foreach (var opset in opsets)
        {
            graph.Opsets[DomainOf(opset.Domain)] = (int)Math.Clamp(opset.Version, 0, int.MaxValue);
        }
    }

    // ONNX's own operators go by two names.
    private static string DomainOf(string name) => name == "ai.onnx" ? "" : name;

    private void Fill(
        Graph graph, IEnumerable<string> inputs, IEnumerable<string> outputs, IEnumerable<NodeProto> nodes, Dictionary<string, Value> values)
    {
        Value Find(string name) => values.TryGetValue(name, out var value) ? value : values[name] = new Value(name, DType.Undefined, []);

        graph.Inputs.AddRange(inputs.Select(Find));
        foreach (var node in nodes)
        {
            // A constant is an initializer wherever it can be one: the writer makes nodes of a function's.
            if (node.OpType == "Constant" && DomainOf(node.Domain).Length == 0 && node is { Output: [var name], Attribute: [{ Name: "value", T: { } tensor }] })
            {
                AddInitializer(tensor, name, graph, values);
                continue;
            }

            graph.Nodes.Add(new Node
            {
                OpType = node.OpType,
                Domain = DomainOf(node.Domain),
                Inputs = [.. node.Input.Select(Find)],
                Outputs = [.. node.Output.Select(Find)],
                Attributes = ToAttributes(node),
            });
        }

        graph.Outputs.AddRange(outputs.Select(Find));
    }

    private void AddInitializer(TensorProto tensor, string name, Graph graph, Dictionary<string, Value> values)
    {
        var type = KnownType(tensor.DataType, name);
        var value = new Value(name, type, [.. tensor.Dims.Select(d => (Dim)d)]);
        var count = tensor.Dims.Aggregate(BigInteger.One, (n, d) => n * d);
        if (tensor.Dims.Any(d => d < 0) || count > long.MaxValue / 64)
        {
            _faults.Add($"Initializer '{name}' has shape {value.Shape}; expected lengths from 0 that a file can hold");
            return;
        }

        var bytes = DTypes.BytesOf(type, (long)count);
        TensorData data = DataFiles.IsExternal(tensor) ? _dataFiles.Add(tensor, name, bytes) : ToConstant(tensor, type);
        if (data.Length != bytes && type != DType.Undefined)
        {
            _faults.Add($"Initializer '{name}' has {data.Length} bytes; expected {bytes} for {value.Type} {value.Shape}");
        }

        if (graph.Find(name) is not null)
        {
            _faults.Add($"'{name}' is defined twice; expected once");
            return;
        }

        values[name] = value;
        graph.Add(new Initializer(value, data));
    }

    // Other tools may write numbers in place of bytes, small ones in the place of 32 bits each, but two of four bits in one.
    private static ConstantData ToConstant(TensorProto tensor, DType type) =>
        tensor.HasRawData ? ConstantData.Of(tensor.RawData.Span)
        : tensor.FloatData.Count > 0 ? ConstantData.Of<float>([.. tensor.FloatData])
        : tensor.Int64Data.Count > 0 ? ConstantData.Of<long>([.. tensor.Int64Data])
        : ConstantData.Of<byte>([.. tensor.Int32Data.SelectMany(n => BitConverter.GetBytes(n).Take((int)DTypes.BytesOf(type, 1)))]);

    private Value ToValue(ValueInfoProto proto)
    {
        if (proto.Type is null or { ValueCase: TypeProto.ValueOneofCase.None })
        {
            return new Value(proto.Name, DType.Undefined, []);
        }

        if (proto.Type.ValueCase != TypeProto.ValueOneofCase.TensorType)
        {
            _faults.Add($"'{proto.Name}' is {proto.Type.ValueCase}; expected a tensor");
            return new Value(proto.Name, DType.Undefined, []);
        }

        var tensor = proto.Type.TensorType;
        return new Value(proto.Name, KnownType(tensor.ElemType, proto.Name), tensor.Shape is null ? ["..."] : [.. tensor.Shape.Dim.Select(ToDim)]);
    }

    private static Dim ToDim(Dimension dim) => dim.HasDimValue ? dim.DimValue : dim.DimParam.Length > 0 ? dim.DimParam : "?";

    private DType KnownType(int type, string name)
    {
        var known = ElementTypes.FromOnnx(type);
        if (known == DType.Undefined && type != 0)
        {
            _faults.Add($"'{name}' has elements of type {ElementTypes.NameOf(type)}; expected one of {string.Join(", ", Enum.GetNames<DType>().Skip(1)).ToLowerInvariant()}");
        }

        return known;
    }

    private static SortedDictionary<string, Ir.Attribute> ToAttributes(NodeProto node)
    {
        var attributes = new SortedDictionary<string, Ir.Attribute>(StringComparer.Ordinal);
        foreach (var attribute in node.Attribute)
        {
            attributes[attribute.Name] = ToAttribute(attribute);
        }

        return attributes;
    }

    private static Ir.Attribute ToAttribute(AttributeProto proto) => proto.Type switch
    {
        _ when proto.RefAttrName.Length > 0 => new ReferenceAttribute(proto.RefAttrName),
        AttributeType.Int when TypeAttributes.Contains(proto.Name) && ElementTypes.FromOnnx(proto.I) is var type and not DType.Undefined => new TypeAttribute(type),
        AttributeType.Int => new IntAttribute(proto.I),
        AttributeType.Ints => new IntsAttribute([.. proto.Ints]),
        AttributeType.Float => new FloatAttribute(proto.F),
        AttributeType.String => new StringAttribute(proto.S.ToStringUtf8()),
        _ => new OtherAttribute($"{proto.Type.ToString().ToLowerInvariant()}#{Convert.ToHexStringLower(SHA256.HashData(proto.ToByteArray()))[..12]}"),
    };
}
