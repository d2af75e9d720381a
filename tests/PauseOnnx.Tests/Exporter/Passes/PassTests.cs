using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Passes;

/// <summary>Each pass as the text of a small graph before and after it.</summary>
public class PassTests
{
    [Test]
    public void ConstantFolding_ComputesWhatIsKnown_AndLeavesTheRest()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Float32, ["B", 4]);
        var scale = b.Sqrt(b.Cast(b.DimOf(x, 1), DType.Float32));
        b.Output(b.Div(x, scale));
        b.Output(b.Concat(0, [b.DimOf(x, 0), b.Vector(7)]));

        AssertPass(new ConstantFolding(), b.Graph, """
            graph test(x: float32[B, 4])
              Shape: int64[1] = Shape(x) {end=2, start=1}
              Cast: float32[1] = Cast(Shape) {to=float32}
              Sqrt: float32[1] = Sqrt(Cast)
              Div: float32[B, 4] = Div(x, Sqrt)
              Shape_2: int64[1] = Shape(x) {end=1, start=0}
              Concat: int64[2] = Concat(Shape_2, int64[7]) {axis=0}
              return Div, Concat

            """, """
            graph test(x: float32[B, 4])
              Div: float32[B, 4] = Div(x, float32[2])
              Shape_2: int64[1] = Shape(x) {end=1, start=0}
              Concat: int64[2] = Concat(Shape_2, int64[7]) {axis=0}
              return Div, Concat

            """);
    }

    [TestCase("Add", 3)]
    [TestCase("Sub", 9)]
    [TestCase("Mul", -18)]
    [TestCase("Div", -2)]
    public void ConstantFolding_OfIntegers_ComputesAsOnnxDoes(string op, long expected)
    {
        var b = new GraphBuilder("test");
        var (six, minusThree) = (b.Vector(6), b.Vector(-3));
        var result = op switch { "Add" => b.Add(six, minusThree), "Sub" => b.Sub(six, minusThree), "Mul" => b.Mul(six, minusThree), _ => b.Div(six, minusThree) };
        b.Output(b.Neg(b.Input("x", DType.Int64, [1])));
        b.Output(b.Add(b.Graph.Inputs[0], result));
        new ConstantFolding().Run(b.Graph);

        Assert.That(Printer.Print(b.Graph), Does.Contain($"Add(x, int64[{expected}])"));
    }

    [Test]
    public void ConstantFolding_OfAnInputsDefault_LeavesItToTheHost()
    {
        var b = new GraphBuilder("test");
        var count = b.Initializer("count", DType.Int64, [], ConstantData.Of(4L));
        b.Graph.Inputs.Add(count);
        b.Output(b.Add(b.Neg(count), b.Scalar(1)));

        Assert.That(new ConstantFolding().Run(b.Graph), Is.False);
    }

    [Test]
    public void IdentityRemoval_RemovesNodesThatChangeNothing()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Float32, ["B", 4]);
        var same = b.Transpose(b.Reshape(b.Cast(b.Concat(1, [x]), DType.Float32), ["B", 4]), 0, 1);
        b.Output(b.Neg(same));
        b.Output(b.Reshape(x, ["B", 4]));

        AssertPass(new IdentityRemoval(), b.Graph, """
            graph test(x: float32[B, 4])
              Concat: float32[B, 4] = Concat(x) {axis=1}
              Cast: float32[B, 4] = Cast(Concat) {to=float32}
              Reshape: float32[B, 4] = Reshape(Cast, int64[0,4])
              Transpose: float32[B, 4] = Transpose(Reshape) {perm=[0, 1]}
              Neg: float32[B, 4] = Neg(Transpose)
              Reshape_2: float32[B, 4] = Reshape(x, int64[0,4])
              return Neg, Reshape_2

            """, """
            graph test(x: float32[B, 4])
              Neg: float32[B, 4] = Neg(x)
              Reshape_2: float32[B, 4] = Reshape(x, int64[0,4])
              return Neg, Reshape_2

            """);
    }

    [Test]
    public void CommonSubexpressions_ComputesTheSameThingOnce()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Float32, ["B", "T"]);
        b.Output(b.Add(b.Sqrt(b.Neg(x)), b.Sqrt(b.Neg(x))));
        b.Output(b.Add(b.DimOf(x, 0), b.DimOf(x, 1)));

        AssertPass(new CommonSubexpressions(), b.Graph, """
            graph test(x: float32[B, T])
              Neg: float32[B, T] = Neg(x)
              Sqrt: float32[B, T] = Sqrt(Neg)
              Neg_2: float32[B, T] = Neg(x)
              Sqrt_2: float32[B, T] = Sqrt(Neg_2)
              Add: float32[B, T] = Add(Sqrt, Sqrt_2)
              Shape: int64[1] = Shape(x) {end=1, start=0}
              Shape_2: int64[1] = Shape(x) {end=2, start=1}
              Add_2: int64[1] = Add(Shape, Shape_2)
              return Add, Add_2

            """, """
            graph test(x: float32[B, T])
              Neg: float32[B, T] = Neg(x)
              Sqrt: float32[B, T] = Sqrt(Neg)
              Add: float32[B, T] = Add(Sqrt, Sqrt)
              Shape: int64[1] = Shape(x) {end=1, start=0}
              Shape_2: int64[1] = Shape(x) {end=2, start=1}
              Add_2: int64[1] = Add(Shape, Shape_2)
              return Add, Add_2

            """);
    }

    [Test]
    public void DeadNodes_RemovesWhatNoOutputNeeds_WithItsConstants()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Float32, ["B"]);
        b.Neg(b.Add(x, b.Scalar(3f)));
        b.Output(b.Add(x, b.Scalar(1f)));

        AssertPass(new DeadNodes(), b.Graph, """
            graph test(x: float32[B])
              Add: float32[B] = Add(x, float32(3))
              Neg: float32[B] = Neg(Add)
              Add_2: float32[B] = Add(x, float32(1))
              return Add_2

            """, """
            graph test(x: float32[B])
              Add_2: float32[B] = Add(x, float32(1))
              return Add_2

            """);
        Assert.That(b.Graph.Initializers.Select(i => i.Value.Name), Is.EqualTo(new[] { "float32(1)" }));
    }

    [Test]
    public void AxesByAttribute_GivesReduceMaxTheFormOfOpset17()
    {
        var b = new GraphBuilder("test");
        b.Output(b.Neg(b.MaxOfLastAxis(b.Input("x", DType.Float32, ["B", 4]))));

        AssertPass(new AxesByAttribute(), b.Graph, """
            graph test(x: float32[B, 4])
              ReduceMax: float32[B, 1] = ReduceMax(x, int64[-1])
              Neg: float32[B, 1] = Neg(ReduceMax)
              return Neg

            """, """
            graph test(x: float32[B, 4])
              ReduceMax/ReduceMax: float32[B, 1] = ReduceMax(x) {axes=[-1]}
              Neg: float32[B, 1] = Neg(ReduceMax/ReduceMax)
              return Neg

            """);
    }

    private static IEnumerable<TestCaseData> Pipelines() =>
        from target in Enum.GetValues<ExportTarget>()
        from precision in Targets.Of(target).Precisions
        select new TestCaseData(target, precision).SetArgDisplayNames(Targets.Of(target).Name, GraphPrecisions.NameOf(precision));

    [TestCaseSource(nameof(Pipelines))]
    public void Pipeline_OverAWholeDecoder_RunAgain_ChangesNothing(ExportTarget target, GraphPrecision precision)
    {
        var passes = Targets.PassesOf(Targets.Of(target), new PassSettings(precision, MaxLength: 64, new QuantizationOptions()));
        foreach (var config in TinyCheckpoint.Configs.Values)
        {
            using var folder = new TemporaryFolder();
            TinyCheckpoint.Write(folder.Root, config);
            using var weights = CheckpointWeights.Open(folder.Root, config);
            var graph = DecoderLowering.Lower(config, weights, new LoweringOptions(4));
            PassPipeline.Run(graph, passes);
            var once = Printer.Print(graph);

            Assert.That(passes.Where(p => p.Run(graph)).Select(p => p.Name), Is.Empty);
            Assert.That(Printer.Print(graph), Is.EqualTo(once));
        }
    }

    [Test]
    public void Pipeline_AfterAPassThatSpoilsTheGraph_NamesThePass()
    {
        var b = new GraphBuilder("test");
        b.Output(b.Neg(b.Neg(b.Input("x", DType.Float32, ["B"]))));

        Assert.That(() => PassPipeline.Run(b.Graph, [new DeadNodes(), new SpoilingPass()]), Throws.TypeOf<ExportException>()
            .With.Property(nameof(ExportException.Stage)).EqualTo("SpoilingPass")
            .And.Message.EqualTo("Export failed in SpoilingPass: the graph is faulty after it: Neg 'Neg_2' uses 'Neg', which is not defined before it."));
    }

    private static void AssertPass(IPass pass, Graph graph, string before, string after)
    {
        Assert.That(Printer.Print(graph), Is.EqualTo(before));
        Assert.That(pass.Run(graph), Is.True);
        Assert.That(Printer.Print(graph), Is.EqualTo(after));
        Assert.That(Verifier.FindFaults(graph), Is.Empty);
        Assert.That(pass.Run(graph), Is.False, "idempotent");
    }

    private sealed class SpoilingPass : IPass
    {
        public string Name => nameof(SpoilingPass);

        public bool Run(Graph graph)
        {
            graph.Nodes.RemoveAt(0);
            return true;
        }
    }
}
