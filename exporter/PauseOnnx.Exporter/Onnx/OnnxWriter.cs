using Google.Protobuf;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;
using DataType = PauseOnnx.Exporter.Onnx.TensorProto.Types.DataType;
using Dimension = PauseOnnx.Exporter.Onnx.TensorShapeProto.Types.Dimension;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>A graph as an ONNX file with its weights in a data file beside it. The same graph gives the same bytes.</summary>
internal static class OnnxWriter
{
    /// <summary>The first version of the format that has functions.</summary>
    private const int IrVersion = 8;

    /// <summary>Writes <see cref="FileNames.Onnx"/> and <see cref="FileNames.OnnxData"/>.</summary>
    /// <param name="graph">A graph that the verifier accepts.</param>
    /// <param name="data">Where its initializers lie.</param>
    /// <param name="folder">The model's folder.</param>
    /// <param name="metadata">Names of <see cref="MetadataNames"/> with their values.</param>
    /// <param name="advance">Called with the number of weight bytes written since the last call; may throw to cancel.</param>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="ModelFormatException">A weight is not finite.</exception>
    public static void Write(
        Graph graph, ExternalData data, string folder, IEnumerable<KeyValuePair<string, string>> metadata, Action<long> advance)
    {
        var file = Path.Combine(folder, FileNames.Onnx);
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        data.Write(Path.Combine(folder, FileNames.OnnxData), advance);
        File.WriteAllBytes(file, ToModel(graph, data, metadata).ToByteArray());
    }

    private static ModelProto ToModel(Graph graph, ExternalData data, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersion,
            ProducerName = "PauseOnnx",
            ProducerVersion = ModelExporter.ToolVersion,
            Graph = ToGraph(graph, data),
        };
        model.OpsetImport.AddRange(ToOpsets(graph));
        model.Functions.AddRange(graph.Functions.Select(ToFunction));
        model.MetadataProps.AddRange(metadata.Select(m => new StringStringEntryProto { Key = m.Key, Value = m.Value }));
        return model;
    }

    private static GraphProto ToGraph(Graph graph, ExternalData data)
    {
        var proto = new GraphProto { Name = graph.Name };
        var outputs = graph.Outputs.Select(o => o.Name).ToHashSet();
        proto.Input.AddRange(graph.Inputs.Select(ToValueInfo));
        proto.Output.AddRange(graph.Outputs.Select(ToValueInfo));
        proto.Initializer.AddRange(graph.Initializers.Select(i => ToTensor(i, data.OffsetOf(i))));
        proto.Node.AddRange(graph.Nodes.Select(ToNode));
        proto.ValueInfo.AddRange(graph.Nodes.SelectMany(n => n.Outputs).Where(o => !outputs.Contains(o.Name)).Select(ToValueInfo));
        return proto;
    }

    // A function has no initializers in ONNX: its constants are nodes.
    private static FunctionProto ToFunction(Function function)
    {
        var body = function.Body;
        var proto = new FunctionProto { Name = function.Name, Domain = function.Domain };
        proto.Input.AddRange(body.Inputs.Select(i => i.Name));
        proto.Output.AddRange(body.Outputs.Select(o => o.Name));
        proto.Attribute.AddRange(function.Attributes);
        proto.OpsetImport.AddRange(ToOpsets(body));
        proto.Node.AddRange(body.Initializers.Select(ToConstantNode));
        proto.Node.AddRange(body.Nodes.Select(ToNode));
        return proto;
    }

    private static NodeProto ToConstantNode(Initializer initializer)
    {
        var name = initializer.Value.Name;
        var value = new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = ToTensor(initializer, null) };
        return new NodeProto { OpType = "Constant", Name = name, Output = { name }, Attribute = { value } };
    }

    private static IEnumerable<OperatorSetIdProto> ToOpsets(Graph graph) =>
        graph.Opsets.Select(o => new OperatorSetIdProto { Domain = o.Key, Version = o.Value });

    private static NodeProto ToNode(Node node)
    {
        var proto = new NodeProto { OpType = node.OpType, Domain = node.Domain, Name = node.Outputs[0].Name };
        proto.Input.AddRange(node.Inputs.Select(i => i.Name));
        proto.Output.AddRange(node.Outputs.Select(o => o.Name));
        proto.Attribute.AddRange(node.Attributes.Select(a => ToAttribute(a.Key, a.Value)));
        return proto;
    }

    private static AttributeProto ToAttribute(string name, Ir.Attribute attribute) => attribute switch
    {
        IntAttribute i => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = i.Value },
        IntsAttribute i => new() { Name = name, Type = AttributeProto.Types.AttributeType.Ints, Ints = { i.Values } },
        FloatAttribute f => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = f.Value },
        TypeAttribute t => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = (long)ToDataType(t.Value) },
        ReferenceAttribute r => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, RefAttrName = r.Name },
        _ => throw new NotSupportedException($"Attribute '{name}' is {attribute.GetType().Name}; expected one that ONNX has."),
    };

    private static TensorProto ToTensor(Initializer initializer, long? offset)
    {
        var value = initializer.Value;
        var proto = new TensorProto { Name = value.Name, DataType = (int)ToDataType(value.Type) };
        proto.Dims.AddRange(value.Shape.Select(d => d.Length!.Value));
        if (offset is null)
        {
            proto.RawData = ByteString.CopyFrom(((ConstantData)initializer.Data).Bytes);
            return proto;
        }

        proto.DataLocation = TensorProto.Types.DataLocation.External;
        proto.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = Path.GetFileName(FileNames.OnnxData) });
        proto.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{offset}" });
        proto.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{initializer.Data.Length}" });
        return proto;
    }

    private static ValueInfoProto ToValueInfo(Value value)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(value.Shape.Select(ToDimension));
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)ToDataType(value.Type), Shape = shape };
        return new ValueInfoProto { Name = value.Name, Type = new TypeProto { TensorType = tensor } };
    }

    private static Dimension ToDimension(Dim dim) =>
        dim.Length is { } length ? new Dimension { DimValue = length } : new Dimension { DimParam = dim.Symbol };

    private static DataType ToDataType(DType type) => type switch
    {
        DType.Float32 => DataType.Float,
        DType.Int64 => DataType.Int64,
        DType.Bool => DataType.Bool,
        _ => throw new NotSupportedException($"Element type is {type}; expected one that ONNX has."),
    };
}
