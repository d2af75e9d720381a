using NUnit.Framework;
using PauseOnnx.Exporter.Ir;
using IrAttribute = PauseOnnx.Exporter.Ir.Attribute;
using IrNode = PauseOnnx.Exporter.Ir.Node;

namespace PauseOnnx.Tests.Exporter.Ir;

/// <summary>One fault each, made in a graph that is in order.</summary>
public class VerifierTests
{
    private static readonly Dictionary<string, (Action<Graph> Spoil, string Fault)> Faults = new()
    {
        ["order"] = (g => g.Nodes.Reverse(), "Neg 'Neg' uses 'Add', which is not defined before it"),
        ["dangling name"] = (g => g.Nodes.RemoveAt(0), "Neg 'Neg' uses 'Add', which is not defined before it"),
        ["double definition"] = (g => g.Nodes.Add(g.Nodes[0]), "'Add' is defined twice; expected once"),
        ["output"] = (g => g.Outputs.Add(new("lost", DType.Float32, [])), "the graph's outputs use 'lost', which is not defined before it"),
        ["type"] = (
            g => ChangeNeg(g, n => n with { Inputs = [n.Inputs[0] with { Type = DType.Bool }] }),
            "Neg 'Neg' uses Add: bool[B, 2]; it is defined as Add: float32[B, 2]"),
        ["shape"] = (
            g => ChangeNeg(g, n => n with { Inputs = [n.Inputs[0] with { Shape = ["B", 3] }] }),
            "Neg 'Neg' uses Add: float32[B, 3]; it is defined as Add: float32[B, 2]"),
        ["domain"] = (
            g => ChangeNeg(g, n => n with { Domain = "elsewhere" }),
            "elsewhere.Neg is of domain 'elsewhere', which is not imported; imported are ''"),
        ["function"] = (
            g =>
            {
                g.Opsets["elsewhere"] = 1;
                ChangeNeg(g, n => n with { Domain = "elsewhere" });
            },
            "elsewhere.Neg is neither a known operator nor a function of the graph"),
        ["attribute"] = (
            g => ChangeNeg(g, n => n with { Attributes = new Dictionary<string, IrAttribute> { ["axis"] = new ReferenceAttribute("depth") } }),
            "Neg reads attribute 'depth', which is not declared"),
        ["bytes"] = (
            g => g.Add(new(new("short", DType.Float32, [3]), ConstantData.Of(1f, 2f))),
            "Initializer 'short' has 8 bytes; expected 12 for Float32 [3]"),
        ["unknown shape"] = (
            g => g.Add(new(new("vague", DType.Float32, ["B"]), ConstantData.Of(1f))),
            "Initializer 'vague' has shape [B]; expected known lengths"),
        ["no output"] = (g => g.Nodes.Add(g.Nodes[1] with { Outputs = [] }), "Neg has no output"),
        ["no name"] = (g => g.Inputs.Add(new("", DType.Int64, ["B"])), "A Int64 value [B] has no name"),
    };

    private static IEnumerable<string> FaultNames => Faults.Keys;

    [Test]
    public void GraphInOrder_HasNoFault()
    {
        Assert.That(Verifier.FindFaults(GraphInOrder()), Is.Empty);
    }

    [TestCaseSource(nameof(FaultNames))]
    public void Fault_IsFoundAndNamed(string name)
    {
        var graph = GraphInOrder();
        Faults[name].Spoil(graph);
        Assert.That(Verifier.FindFaults(graph), Is.EqualTo(new[] { Faults[name].Fault }));
    }

    [Test]
    public void FaultInAFunction_NamesTheFunction()
    {
        var graph = GraphInOrder();
        var body = GraphInOrder();
        body.Nodes.RemoveAt(0);
        graph.Functions.Add(new Function("elsewhere", 1, body, []));

        Assert.That(Verifier.FindFaults(graph), Is.EqualTo(new[] { "Function test: Neg 'Neg' uses 'Add', which is not defined before it" }));
    }

    [Test]
    public void InputWithADefault_IsInOrder()
    {
        var graph = GraphInOrder();
        graph.Add(new(new("count", DType.Int64, []), ConstantData.Of(4L)));
        graph.Inputs.Add(new("count", DType.Int64, []));

        Assert.That(Verifier.FindFaults(graph), Is.Empty);
    }

    private static void ChangeNeg(Graph graph, Func<IrNode, IrNode> change) => graph.Nodes[1] = change(graph.Nodes[1]);

    private static Graph GraphInOrder()
    {
        var b = new GraphBuilder("test");
        var x = b.Input("x", DType.Float32, ["B", 2]);
        b.Output(b.Neg(b.Add(x, b.Scalar(1f))));
        return b.Graph;
    }
}
