using Google.Protobuf;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using AttributeType = PauseOnnx.Exporter.Onnx.AttributeProto.Types.AttributeType;
using DataType = PauseOnnx.Exporter.Onnx.TensorProto.Types.DataType;

namespace PauseOnnx.Tests.Exporter.Onnx;

/// <summary>Reader and writer meet; files of other tools come as far as the graph has words for them.</summary>
public class OnnxReaderTests
{
    private TemporaryFolder _folder = null!;

    private static IEnumerable<TestCaseData> Cells() =>
        from target in Enum.GetValues<ExportTarget>()
        from precision in Targets.Of(target).Precisions
        select new TestCaseData(target, precision).SetArgDisplayNames(Targets.Of(target).Name, GraphPrecisions.NameOf(precision));

    [SetUp]
    public void Create() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    [TestCaseSource(nameof(Cells))]
    public void Read_OfWhatWasWritten_IsTheSameGraph(ExportTarget target, GraphPrecision precision)
    {
        var passes = Targets.PassesOf(Targets.Of(target), new PassSettings(precision, MaxLength: 64, new QuantizationOptions()));
        foreach (var (name, config) in TinyCheckpoint.Configs)
        {
            TinyCheckpoint.Write(_folder[name], config);
            using var weights = CheckpointWeights.Open(_folder[name], config);
            var graph = DecoderLowering.Lower(config, weights, new LoweringOptions(4, IsDynamic: name.StartsWith("gpt", StringComparison.Ordinal)));
            PassPipeline.Run(graph, passes);

            var read = OnnxReader.Read(Write(graph, $"{name}-once")).Graph;

            Assert.That(Printer.Print(read), Is.EqualTo(Printer.Print(graph)), name);
            Assert.That(read.Initializers.Select(i => i.Value), Is.EqualTo(graph.Initializers.Select(i => i.Value)), name);
            Assert.That(Verifier.FindFaults(read), Is.Empty, name);
            Write(read, $"{name}-twice");
            Assert.That(Bytes($"{name}-twice", FileNames.Onnx), Is.EqualTo(Bytes($"{name}-once", FileNames.Onnx)), name);
            Assert.That(Bytes($"{name}-twice", FileNames.OnnxData), Is.EqualTo(Bytes($"{name}-once", FileNames.OnnxData)), name);
        }
    }

    [Test]
    public void Read_OfEveryElementType_IsWhatWasWritten()
    {
        var b = new GraphBuilder("types");
        b.Output(b.Neg(b.Input("x", DType.Float32, ["B"])));
        foreach (var type in Enum.GetValues<DType>().Except([DType.Undefined]))
        {
            b.Initializer($"small {type}", type, [3], ConstantData.Of(new byte[DTypes.BytesOf(type, 3)]));
            b.Initializer($"large {type}", type, [4095], ConstantData.Of(new byte[DTypes.BytesOf(type, 4095)]));
        }

        var read = OnnxReader.Read(Write(b.Graph, "types")).Graph;

        Assert.That(Verifier.FindFaults(b.Graph), Is.Empty);
        Assert.That(Verifier.FindFaults(read), Is.Empty);
        Assert.That(Printer.PrintWeights(read), Is.EqualTo(Printer.PrintWeights(b.Graph)).And.Contains("  large Int4: int4[4095]\n"));
    }

    [Test]
    public void Read_OfAnotherToolsWays_HasOneWordForEach()
    {
        var value = new AttributeProto { Name = "value", Type = AttributeType.Tensor, T = new TensorProto { DataType = 7, Dims = { 2 }, Int64Data = { 3, 4 } } };
        var branch = new AttributeProto { Name = "then_branch", Type = AttributeType.Graph };
        var graph = Read(new GraphProto
        {
            Name = "foreign",
            Input = { new ValueInfoProto { Name = "x" }, Tensor("y", DataType.Float, "B", ""), new ValueInfoProto { Name = "z", Type = new() { TensorType = new() { ElemType = 1 } } } },
            Initializer = { new TensorProto { Name = "w", DataType = 1, Dims = { 2 }, FloatData = { 1, 2 } }, new TensorProto { Name = "b", DataType = 9, Dims = { 3 }, Int32Data = { 1, 0, 1 } } },
            Node =
            {
                new NodeProto { OpType = "Constant", Domain = "ai.onnx", Output = { "c" }, Attribute = { value } },
                new NodeProto { OpType = "Sub", Domain = "ai.onnx", Input = { "x", "c" }, Output = { "d" } },
                new NodeProto { OpType = "If", Input = { "d" }, Output = { "e" }, Attribute = { branch } },
            },
            Output = { new ValueInfoProto { Name = "e" } },
        });

        Assert.That(Printer.Print(graph), Does.Match(@"^graph foreign\(x, y: float32\[B, \?\], z: float32\[...\]\)\n  d = Sub\(x, c\)\n  e = If\(d\) \{then_branch=graph#[0-9a-f]{12}\}\n  return e\n$"));
        Assert.That(graph.Initializers.Select(i => $"{i.Value}"), Is.EqualTo(new[] { "w: float32[2]", "b: bool[3]", "c: int64[2]" }));
        Assert.That(((ConstantData)graph.Find("w")!.Data).As<float>().ToArray(), Is.EqualTo(new float[] { 1, 2 }));
        Assert.That(((ConstantData)graph.Find("b")!.Data).As<bool>().ToArray(), Is.EqualTo(new[] { true, false, true }));
        Assert.That(((ConstantData)graph.Find("c")!.Data).As<long>().ToArray(), Is.EqualTo(new long[] { 3, 4 }));
    }

    [Test]
    public void Read_OfWhatTheGraphHasNoWordFor_NamesEach() => AssertFaults(
        new GraphProto
        {
            Input = { Tensor("x", DataType.Double, "B"), new ValueInfoProto { Name = "s", Type = new() { SequenceType = ByteString.Empty } } },
            Initializer = { new TensorProto { Name = "t", DataType = 8, Dims = { 1 } } },
            SparseInitializer = { ByteString.Empty },
        },
        "1 initializers are sparse; expected dense tensors only; 'x' has elements of type double; expected one of ",
        "; 's' is SequenceType; expected a tensor; 't' has elements of type string; expected one of ");

    [Test]
    public void Read_OfInitializersThatCannotBe_NamesEach() => AssertFaults(
        new GraphProto
        {
            Initializer =
            {
                new TensorProto { Name = "short", DataType = 1, Dims = { 2, 3 }, RawData = ByteString.CopyFrom(new byte[20]) },
                new TensorProto { Name = "negative", DataType = 1, Dims = { -2 } },
                new TensorProto { Name = "huge", DataType = 1, Dims = { long.MaxValue, long.MaxValue } },
                new TensorProto { Name = "twice", DataType = 1, RawData = ByteString.CopyFrom(new byte[4]) },
                new TensorProto { Name = "twice", DataType = 1, RawData = ByteString.CopyFrom(new byte[4]) },
            },
        },
        "Initializer 'short' has 20 bytes; expected 24 for Float32 [2, 3]; ",
        "Initializer 'negative' has shape [-2]; expected lengths from 0 that a file can hold; ",
        $"Initializer 'huge' has shape [{long.MaxValue}, {long.MaxValue}]; ",
        "'twice' is defined twice; expected once (");

    private static ValueInfoProto Tensor(string name, DataType type, params string[] dims)
    {
        var shape = new TensorShapeProto();
        shape.Dim.AddRange(dims.Select(d => new TensorShapeProto.Types.Dimension { DimParam = d }));
        return new ValueInfoProto { Name = name, Type = new() { TensorType = new() { ElemType = (int)type, Shape = shape } } };
    }

    private string Write(Graph graph, string folder)
    {
        var (data, file) = (new ExternalData(graph), Path.Combine(_folder[folder], FileNames.Onnx));
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        data.Write(file + FileNames.DataSuffix, _ => { });
        OnnxWriter.Write(graph, data, file, []);
        return file;
    }

    private byte[] Bytes(string folder, string file) => File.ReadAllBytes(Path.Combine(_folder[folder], file));

    private Graph Read(GraphProto graph)
    {
        File.WriteAllBytes(_folder["foreign.onnx"], new ModelProto { IrVersion = 8, Graph = graph }.ToByteArray());
        return OnnxReader.Read(_folder["foreign.onnx"]).Graph;
    }

    private void AssertFaults(GraphProto graph, params string[] parts)
    {
        graph.Node.Add(new NodeProto { OpType = "Neg", Input = { "x" }, Output = { "y" } });
        var message = Assert.Throws<ModelFormatException>(() => Read(graph))!.Message;
        Assert.Multiple(() =>
        {
            Assert.That(message, Does.EndWith($"({_folder["foreign.onnx"]})."));
            foreach (var part in parts)
            {
                Assert.That(message, Does.Contain(part));
            }
        });
    }
}
