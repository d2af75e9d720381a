using NUnit.Framework;
using PauseOnnx.Exporter.Hosts;
using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Tests.Exporter.Hosts;

public class TensorRtOperatorsTests
{
    [Test]
    public void FindFaults_OfWhatTheParserTakes_FindsNone()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Float32, ["B", 4]);
        var ids = b.Input("ids", DType.Int64, ["B", "T"]);
        b.Output(b.Sqrt(b.Add(x, x)));
        b.Output(b.Gather(x, ids));
        b.Output(b.CumSum(b.Cast(ids, DType.Float32), 1));
        b.Output(b.Cast(b.Equal(ids, b.Scalar(0)), DType.Int64));
        Assert.That(TensorRtOperators.FindFaults(b.Graph), Is.Empty);
    }

    [Test]
    public void FindFaults_OfOtherElements_NamesThem()
    {
        var b = new GraphBuilder("test");
        var ids = b.Input("ids", DType.Int64, ["B", "T"]);
        b.Output(b.CumSum(ids, 1));
        b.Output(b.CumSum(b.Neg(ids), 1));
        Assert.That(TensorRtOperators.FindFaults(b.Graph), Is.EqualTo(["CumSum of int64 is not supported; expected float32, float16, bfloat16"]));
    }

    [Test]
    public void FindFaults_OfOtherOperators_NamesEachOnce()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Float32, ["B", 4]);
        b.Output(x);
        foreach (var (domain, op) in new[] { ("", "MatMulInteger"), ("", "MatMulInteger"), ("com.microsoft", "MatMulNBits") })
        {
            b.Graph.Nodes.Add(new Node { Domain = domain, OpType = op, Inputs = [x], Outputs = [] });
        }

        Assert.That(TensorRtOperators.FindFaults(b.Graph), Is.EqualTo(["MatMulInteger is not supported", "com.microsoft.MatMulNBits is not supported"]));
    }

    [TestCase("Int4", true)]
    [TestCase("Int8", true)]
    [TestCase("UInt4", false)]
    [TestCase("UInt8", false)]
    public void FindFaults_OfQuantizedWeights_TakesSignedOnes(string type, bool isSupported)
    {
        var b = new GraphBuilder("test");
        var weight = b.Input("weight", Enum.Parse<DType>(type), [64, 2]);
        b.Graph.Nodes.Add(new Node { OpType = "DequantizeLinear", Inputs = [weight], Outputs = [] });
        string[] expected = isSupported ? [] : [$"DequantizeLinear of {type.ToLowerInvariant()} is not supported; expected int8, int4"];
        Assert.That(TensorRtOperators.FindFaults(b.Graph), Is.EqualTo(expected));
    }

    // TensorRT reads functions, and ONNX Runtime inlines them: what they are made of counts.
    [Test]
    public void FindFaults_OfAFunction_LooksInsideIt()
    {
        var body = new GraphBuilder("Ours");
        body.Output(body.CumSum(body.Input("x", DType.Int64, ["B", "T"]), 1));
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Int64, ["B", "T"]);
        b.Graph.Functions.Add(new Function("ai.pauseonnx", 1, body.Graph, []));
        b.Graph.Nodes.Add(new Node { Domain = "ai.pauseonnx", OpType = "Ours", Inputs = [x], Outputs = [] });
        Assert.That(TensorRtOperators.FindFaults(b.Graph), Is.EqualTo(["CumSum of int64 is not supported; expected float32, float16, bfloat16"]));
    }
}
