using NUnit.Framework;
using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Tests.Exporter.Ir;

/// <summary>What differs between two graphs, without the noise of numbered names.</summary>
public class GraphDiffTests
{
    [Test]
    public void EqualGraphs_DifferInNothing() => AssertDiff(
        (b, x, y) => b.Add(b.Sqrt(b.Neg(x)), y),
        (b, x, y) => b.Add(b.Sqrt(b.Neg(x)), y));

    [Test]
    public void NodesMore_AreLines_ThoughTheyRenumberTheOthers() => AssertDiff(
        (b, x, y) => b.Add(b.Sqrt(b.Neg(x)), y),
        (b, x, y) =>
        {
            b.Output(b.Neg(y));
            return b.Add(b.Sqrt(b.Neg(x)), y);
        },
        "+ Neg: float32[B, T] = Neg(y)");

    [Test]
    public void SwappedArguments_AreSeen_ThoughTheyDifferInNumbersOnly() => AssertDiff(
        (b, x, y) => Both(b.Neg(x), b.Neg(y), b.Sub),
        (b, x, y) => Both(b.Neg(x), b.Neg(y), (first, second) => b.Sub(second, first)),
        "- Sub: float32[B, T] = Sub(Neg, Neg_2)",
        "+ Sub: float32[B, T] = Sub(Neg_2, Neg)");

    [Test]
    public void AnotherOperator_IsShown_AndNotWhatUsesItsResult() => AssertDiff(
        (b, x, y) => b.Neg(b.Transpose(x, 0, 1)),
        (b, x, y) => b.Neg(b.Reshape(x, b.DimOf(x, 0), x.Shape, "Transpose")),
        "- Transpose: float32[B, T] = Transpose(x) {perm=[0, 1]}",
        "+ Shape: int64[1] = Shape(x) {end=1, start=0}",
        "+ Transpose: float32[B, T] = Reshape(x, Shape)");

    [Test]
    public void MovedNode_IsShownWhereItWasAndWhereItIs() => AssertDiff(
        (b, x, y) => Both(b.Sqrt(x), b.Neg(y), b.Add),
        (b, x, y) =>
        {
            var second = b.Neg(y);
            return b.Add(b.Sqrt(x), second);
        },
        "- Sqrt: float32[B, T] = Sqrt(x)",
        "+ Sqrt: float32[B, T] = Sqrt(x)");

    private static Value Both(Value first, Value second, Func<Value, Value, Value> combine) => combine(first, second);

    private static void AssertDiff(Func<GraphBuilder, Value, Value, Value> first, Func<GraphBuilder, Value, Value, Value> second, params string[] expected) =>
        Assert.That(GraphDiff.Lines(Build(first), Build(second), Printer.Line), Is.EqualTo(expected));

    private static Graph Build(Func<GraphBuilder, Value, Value, Value> body)
    {
        var b = new GraphBuilder("test");
        b.Output(body(b, b.Input("x", DType.Float32, ["B", "T"]), b.Input("y", DType.Float32, ["B", "T"])));
        return b.Graph;
    }
}
