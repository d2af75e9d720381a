using Google.Protobuf;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;
using Dimension = PauseOnnx.Exporter.Onnx.TensorShapeProto.Types.Dimension;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>A graph as an ONNX file. The same graph gives the same bytes.</summary>
internal static class OnnxWriter
{
    /// <summary>Writes a graph whose weights lie beside it, in a file of its name and <see cref="FileNames.DataSuffix"/>.</summary>
    /// <param name="graph">A graph that the verifier accepts.</param>
    /// <param name="data">Where its initializers lie.</param>
    /// <param name="file">The ONNX file.</param>
    /// <param name="metadata">Names of <see cref="MetadataNames"/> with their values.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    public static void Write(Graph graph, ExternalData data, string file, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        var bytes = ToModel(graph, data, Path.GetFileName(file) + FileNames.DataSuffix, metadata).ToByteArray();
        try
        {
            File.WriteAllBytes(file, bytes);
        }
        catch (Exception e) when (ExternalData.IsWriteFault(e))
        {
            throw new IOException($"Cannot write a graph of {bytes.Length} bytes to '{file}': {e.Message}", e);
        }
    }

    private static ModelProto ToModel(Graph graph, ExternalData data, string location, IEnumerable<KeyValuePair<string, string>> metadata)
    {
        var model = new ModelProto
        {
            IrVersion = IrVersionOf(graph.Opsets[""]),
            ProducerName = "PauseOnnx",
            ProducerVersion = ModelExporter.ToolVersion,
            Graph = ToGraph(graph, data, location),
        };
        model.OpsetImport.AddRange(ToOpsets(graph));
        model.Functions.AddRange(graph.Functions.Select(f => ToFunction(f, graph)));
        model.MetadataProps.AddRange(metadata.Select(m => new StringStringEntryProto { Key = m.Key, Value = m.Value }));
        return model;
    }

    // The version of the format that came with an operator set; 8 is the first that has functions.
    private static int IrVersionOf(int opset) => opset switch
    {
        >= 24 => 12,
        23 => 11,
        21 or 22 => 10,
        _ => 8,
    };

    private static GraphProto ToGraph(Graph graph, ExternalData data, string location)
    {
        var proto = new GraphProto { Name = graph.Name };
        var outputs = graph.Outputs.Select(o => o.Name).ToHashSet();
        proto.Input.AddRange(graph.Inputs.Select(ToValueInfo));
        proto.Output.AddRange(graph.Outputs.Select(ToValueInfo));
        proto.Initializer.AddRange(graph.Initializers.Select(i => ToTensor(i, data.OffsetOf(i), location)));
        proto.Node.AddRange(graph.Nodes.Select(ToNode));
        proto.ValueInfo.AddRange(graph.Nodes.SelectMany(n => n.Outputs).Where(o => !outputs.Contains(o.Name)).Select(ToValueInfo));
        return proto;
    }

    // A function has no initializers in ONNX: its constants are nodes.
    private static FunctionProto ToFunction(Function function, Graph graph)
    {
        var body = function.Body;
        var proto = new FunctionProto { Name = function.Name, Domain = function.Domain };
        proto.Input.AddRange(body.Inputs.Select(i => i.Name));
        proto.Output.AddRange(body.Outputs.Select(o => o.Name));
        proto.Attribute.AddRange(function.Attributes);
        proto.OpsetImport.AddRange(ToOpsets(graph).Where(o => o.Domain.Length == 0));
        proto.Node.AddRange(body.Initializers.Select(ToConstantNode));
        proto.Node.AddRange(body.Nodes.Select(ToNode));
        return proto;
    }

    private static NodeProto ToConstantNode(Initializer initializer)
    {
        var name = initializer.Value.Name;
        var value = new AttributeProto { Name = "value", Type = AttributeProto.Types.AttributeType.Tensor, T = ToTensor(initializer, null, "") };
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
        StringAttribute x => new() { Name = name, Type = AttributeProto.Types.AttributeType.String, S = ByteString.CopyFromUtf8(x.Value) },
        FloatAttribute f => new() { Name = name, Type = AttributeProto.Types.AttributeType.Float, F = f.Value },
        TypeAttribute t => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, I = (long)ElementTypes.ToOnnx(t.Value) },
        ReferenceAttribute r => new() { Name = name, Type = AttributeProto.Types.AttributeType.Int, RefAttrName = r.Name },
        _ => throw new NotSupportedException($"Attribute '{name}' is {attribute.GetType().Name}; expected one that ONNX has."),
    };

    private static TensorProto ToTensor(Initializer initializer, long? offset, string location)
    {
        var value = initializer.Value;
        var proto = new TensorProto { Name = value.Name, DataType = (int)ElementTypes.ToOnnx(value.Type) };
        proto.Dims.AddRange(value.Shape.Select(d => d.Length!.Value));
        if (offset is null)
        {
            proto.RawData = ByteString.CopyFrom(((ConstantData)initializer.Data).Bytes);
            return proto;
        }

        proto.DataLocation = TensorProto.Types.DataLocation.External;
        proto.ExternalData.Add(new StringStringEntryProto { Key = "location", Value = location });
        proto.ExternalData.Add(new StringStringEntryProto { Key = "offset", Value = $"{offset}" });
        proto.ExternalData.Add(new StringStringEntryProto { Key = "length", Value = $"{initializer.Data.Length}" });
        return proto;
    }

    private static ValueInfoProto ToValueInfo(Value value)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(value.Shape.Select(ToDimension));
        var tensor = new TypeProto.Types.Tensor { ElemType = (int)ElementTypes.ToOnnx(value.Type), Shape = shape };
        return new ValueInfoProto { Name = value.Name, Type = new TypeProto { TensorType = tensor } };
    }

    private static Dimension ToDimension(Dim dim) =>
        dim.Length is { } length ? new Dimension { DimValue = length } : new Dimension { DimParam = dim.Symbol };
}
