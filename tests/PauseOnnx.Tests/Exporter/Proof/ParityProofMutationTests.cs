using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using IrAttribute = PauseOnnx.Exporter.Ir.Attribute;
using IrNode = PauseOnnx.Exporter.Ir.Node;

namespace PauseOnnx.Tests.Exporter.Proof;

/// <summary>A proof is worth what it finds: each of these is a mistake that a lowering or a pass could make.</summary>
public class ParityProofMutationTests
{
    private static readonly ExportTarget[] Forms = [ExportTarget.Portable, ExportTarget.Standard, ExportTarget.SharedCache, ExportTarget.GenAI];

    private static readonly Dictionary<string, IrAttribute> AnotherPauseId = new() { ["pause_id"] = new IntAttribute(19) };

    /// <summary>Made in the lowered graph, before the passes of every form.</summary>
    private static readonly Dictionary<string, (string Config, Action<Graph> Mutate)> InLowering = new()
    {
        ["another pause id"] = ("llama", g => Change(g, n => n.OpType == GraphNames.AppendPause, n => n with { Attributes = AnotherPauseId })),
        ["one pause too many"] = ("gpt2", g => Replace(g, GraphNames.PauseCount, ConstantData.Of(MutatedModel.PauseCount + 1L))),
        ["pauses in every call"] = ("gpt2", g => Insert(g, n => n.OpType == GraphNames.AppendPause, 2, (b, _) => b.Vector(0))),
        ["the delay never"] = ("llama", g => Insert(g, n => n.OpType == GraphNames.DelayedOutput, 1, (b, _) => b.Vector(1))),
        ["a query sees what follows it"] = ("gpt2", g => Change(g, n => n.OpType == "LessOrEqual", n => n with { Inputs = [n.Inputs[1], n.Inputs[0]] })),
        ["a query sees one position too many"] = ("llama", g => Insert(g, n => n.OpType == "LessOrEqual", 1, (b, x) => b.Add(x, b.Vector(1)))),
        ["a query does not see itself"] = ("llama", g => Insert(g, n => n.OpType == "LessOrEqual", 1, (b, x) => b.Sub(x, b.Vector(1)))),
        ["padding is seen"] = ("llama", g => Change(g, n => n.OpType == "And", n => n with { OpType = "Or" })),
        ["queries are turned one position too far"] = ("llama", g => Insert(g, n => n.OpType == "RotaryEmbedding" && n.Int("num_heads") == 4, 3, (b, x) => b.Add(x, b.Vector(1)))),
        ["keys are turned one position too far"] = ("qwen3", g => Insert(g, n => n.OpType == "RotaryEmbedding" && n.Int("num_heads") == 2, 3, (b, x) => b.Add(x, b.Vector(1)))),
        ["learned positions one too far"] = ("gpt2", g => Insert(g, n => n.OpType == "Gather" && n.Inputs[0].Name == WeightNames.Positions, 1, (b, x) => b.Add(x, b.Scalar(1)))),
        ["no residual"] = ("llama-tied", g => Change(g, n => IsIn(n, "Add", "layers.0/Add_2"), n => n with { Inputs = [n.Inputs[1], n.Inputs[1]] })),
        ["one layer's values for another's"] = ("llama", g => Insert(g, n => n.OpType == "Attention", 5, (_, _) => g.Inputs.First(i => i.Name == GraphNames.PastValue(0)))),
        ["another epsilon"] = ("llama", g => Change(g, n => n.OpType == "RMSNormalization", n => n with { Attributes = With(n, "epsilon", new FloatAttribute(0.01f)) })),
    };

    /// <summary>Made in the finished graph of one form. Who notices is not the same for all.</summary>
    private static readonly Dictionary<string, (string Config, ExportTarget Target, Noticed By, Action<Graph> Mutate)> InForm = new()
    {
        ["portable: rotated the other way"] = ("llama", ExportTarget.Portable, Noticed.Proof, g => Change(g, n => IsIn(n, "Add", "RotaryEmbedding"), n => n with { OpType = "Sub" })),
        ["portable: unscaled attention"] = ("gpt2-untied", ExportTarget.Portable, Noticed.Proof, g => Insert(g, n => IsIn(n, "Mul", "Attention"), 1, (b, _) => b.Scalar(1f))),
        ["standard: the last queries' positions are not delayed"] = ("llama", ExportTarget.Standard, Noticed.Runtime, g => Undelay(g, "RotaryEmbedding", 3)),
        ["standard: the last layer's mask is not delayed"] = ("gpt2", ExportTarget.Standard, Noticed.Runtime, g => Undelay(g, "Unsqueeze", 0)),
        ["standard: keys and values of other heads"] = ("mistral", ExportTarget.Standard, Noticed.Runtime, g => Change(g, n => n.OpType == "Attention", n => n with { Attributes = With(n, "kv_num_heads", new IntAttribute(2)) })),
        ["shared-cache: written one position too far"] = ("llama", ExportTarget.SharedCache, Noticed.Proof, g => Insert(g, n => n.OpType == "TensorScatter", 2, (b, x) => b.Add(x, b.Vector(1)))),
        ["shared-cache: always written from the start"] = ("gpt2", ExportTarget.SharedCache, Noticed.Proof, g => Insert(g, n => n.OpType == "TensorScatter", 2, (b, x) => b.Sub(x, x))),
        ["shared-cache: pauses are not counted in P"] = ("llama", ExportTarget.SharedCache, Noticed.Proof, WithoutPausesInPast),
        ["shared-cache: one position too few is read"] = ("llama", ExportTarget.SharedCache, Noticed.Runtime, g => Insert(g, n => n.OpType == "Slice" && n.Inputs[0].Name.StartsWith("present.", StringComparison.Ordinal), 2, (b, x) => b.Sub(x, b.Vector(1)))),
        ["genai: pauses are not counted in P"] = ("llama", ExportTarget.GenAI, Noticed.Proof, WithoutPausesInPast),
        ["genai: lengths are one too small"] = ("llama", ExportTarget.GenAI, Noticed.Proof, g => Insert(g, n => n.OpType == "GroupQueryAttention", 5, (b, x) => b.Sub(x, One(b)))),
        ["genai: lengths are one too large"] = ("gpt2", ExportTarget.GenAI, Noticed.Proof, g => Insert(g, n => n.OpType == "GroupQueryAttention", 5, (b, x) => b.Add(x, One(b)))),
        ["genai: the largest length is one too small"] = ("llama", ExportTarget.GenAI, Noticed.Runtime, g => Insert(g, n => n.OpType == "GroupQueryAttention", 6, (b, x) => b.Sub(x, One(b)))),
        ["genai: no mask"] = ("llama", ExportTarget.GenAI, Noticed.Proof, g => Change(g, n => n.OpType == "GroupQueryAttention", n => n with { Inputs = [.. n.Inputs.SkipLast(1)] })),
        ["portable: functions are removed and their calls stay"] = ("llama", ExportTarget.Portable, Noticed.Compiler, g => g.Functions.Clear()),
    };

    // What is no mistake for one form: logits of the last position are those of the delay, and GroupQueryAttention lets no query
    // see what follows it, whatever its mask says.
    private static readonly HashSet<(string, ExportTarget)> Harmless =
        [("the delay never", ExportTarget.GenAI), ("a query sees one position too many", ExportTarget.GenAI)];

    private static IEnumerable<TestCaseData> MutationsOfForms() =>
        from mutation in InLowering.Keys from form in Forms select new TestCaseData(mutation, form).SetArgDisplayNames(mutation, Targets.Of(form).Name);

    private static IEnumerable<string> Lowerings => InLowering.Keys;

    private static IEnumerable<string> MutationsOfOneForm => InForm.Keys;

    private static IEnumerable<TestCaseData> ConfigsOfForms() =>
        from config in TinyCheckpoint.Configs.Keys from form in Forms select new TestCaseData(config, form).SetArgDisplayNames(config, Targets.Of(form).Name);

    [TestCaseSource(nameof(MutationsOfForms))]
    public void Proof_OfAMistakenLowering_Fails(string mutation, ExportTarget target)
    {
        var (config, mutate) = InLowering[mutation];
        using var model = new MutatedModel(config, target);
        var noticed = model.Prove(() => model.Make(model.Passes, mutate));
        Assert.That(noticed, Harmless.Contains((mutation, target)) ? Is.EqualTo(Noticed.Nobody) : Is.AnyOf(Noticed.Runtime, Noticed.Proof));
    }

    [TestCaseSource(nameof(Lowerings))]
    public void MistakenLowering_InInt4_IsFoundByTheRoundedWeights(string mutation)
    {
        // int4's own loss is so large that the proof of an export lets some of these pass.
        var (config, mutate) = InLowering[mutation];
        using var model = new MutatedModel(config, ExportTarget.Standard, GraphPrecision.BlockInt4, isRounded: true);
        var noticed = model.Prove(() => model.Make(model.Passes, mutate));
        TestContext.Out.WriteLine($"{mutation}: by the proof of the export {noticed}");
        Assert.That(noticed != Noticed.Nobody || model.LargestRelativeError > 10 * Tolerances.RelativeErrorOfRoundedWeights(GraphPrecision.BlockInt4));
    }

    [TestCaseSource(nameof(MutationsOfOneForm))]
    public void Mistake_InAForm_IsNoticed(string mutation)
    {
        var (config, target, by, mutate) = InForm[mutation];
        using var model = new MutatedModel(config, target);
        Assert.That(model.Prove(() => Mutated(model, mutate)), Is.EqualTo(by));
    }

    [TestCaseSource(nameof(ConfigsOfForms))]
    public void Proof_WithoutAMistake_Succeeds(string config, ExportTarget target)
    {
        using var model = new MutatedModel(config, target);
        Assert.That(model.Prove(() => model.Make(model.Passes)), Is.EqualTo(Noticed.Nobody));
    }

    [Test]
    public void Proof_OfRotaryPositionsThatAreAllShifted_Succeeds([ValueSource(nameof(Forms))] ExportTarget target)
    {
        // Not a mistake: a product of a query and a key depends on how far apart they are.
        using var model = new MutatedModel("llama", target);
        var noticed = model.Prove(() => model.Make(model.Passes, g => Change(g, n => n.OpType == GraphNames.AppendPause, n =>
        {
            var emitted = new List<IrNode>();
            var unshifted = n.Outputs[2] with { Name = "mistake/unshifted" };
            new GraphBuilder(g, emitted).Add(unshifted, g.Constant(DType.Int64, [], 1L));
            g.Nodes.Insert(g.Nodes.IndexOf(n) + 1, emitted[0] with { Outputs = [n.Outputs[2]] });
            return n with { Outputs = [n.Outputs[0], n.Outputs[1], unshifted] };
        })));
        Assert.That(noticed, Is.EqualTo(Noticed.Nobody));
    }

    private static Graph Mutated(MutatedModel model, Action<Graph> mutate)
    {
        var graph = model.Make(model.Passes);
        mutate(graph);
        return graph;
    }

    private static bool IsIn(IrNode node, string op, string scope) =>
        node.OpType == op && node.Outputs[0].Name.Contains(scope, StringComparison.Ordinal);

    private static Dictionary<string, IrAttribute> With(IrNode node, string name, IrAttribute value) => new(node.Attributes) { [name] = value };

    private static Value One(GraphBuilder b) => b.Graph.Constant(DType.Int32, [], 1);

    private static void WithoutPausesInPast(Graph graph) =>
        Insert(graph, n => n.OpType == "Where" && n.Outputs[0].Type == DType.Int64, 2, (_, x) => graph.Nodes.First(n => n.Outputs.Contains(x)).Inputs[0]);

    // In place of a delayed input, what was delayed.
    private static void Undelay(Graph graph, string op, int input)
    {
        IrNode? DelayOf(Value value) => graph.Nodes.Find(n => n.OpType == GraphNames.DelayedOutput && n.Outputs.Contains(value));
        Insert(graph, n => n.OpType == op && DelayOf(n.Inputs[input]) is not null, input, (_, x) => DelayOf(x)!.Inputs[0]);
    }

    // Puts another value in place of an input; it is emitted before the node.
    private static void Insert(Graph graph, Predicate<IrNode> which, int input, Func<GraphBuilder, Value, Value> replace)
    {
        Assert.That(graph.Nodes.Exists(which), "the mutation must change something");
        foreach (var node in graph.Nodes.FindAll(which))
        {
            var emitted = new List<IrNode>();
            var builder = new GraphBuilder(graph, emitted);
            using var scope = builder.Scope($"{node.Outputs[0].Name}/mistake");
            Value[] inputs = [.. node.Inputs];
            inputs[input] = replace(builder, inputs[input]);
            var index = graph.Nodes.IndexOf(node);
            graph.Nodes[index] = node with { Inputs = inputs };
            graph.Nodes.InsertRange(index, emitted);
        }
    }

    private static void Change(Graph graph, Predicate<IrNode> which, Func<IrNode, IrNode> change)
    {
        Assert.That(graph.Nodes.Exists(which), "the mutation must change something");
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            graph.Nodes[i] = which(graph.Nodes[i]) ? change(graph.Nodes[i]) : graph.Nodes[i];
        }
    }

    private static void Replace(Graph graph, string name, ConstantData data)
    {
        var initializer = graph.Find(name)!;
        graph.Remove(initializer);
        graph.Add(initializer with { Data = data });
    }
}
