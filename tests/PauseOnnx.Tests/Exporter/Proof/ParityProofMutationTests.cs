using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;
using IrAttribute = PauseOnnx.Exporter.Ir.Attribute;
using IrNode = PauseOnnx.Exporter.Ir.Node;

namespace PauseOnnx.Tests.Exporter.Proof;

/// <summary>
/// A proof is worth what it finds: each of these is a mistake that a lowering could make, and a file that ONNX Runtime
/// loads and runs without complaint.
/// </summary>
public class ParityProofMutationTests
{
    private static readonly Dictionary<string, IrAttribute> AnotherPauseId = new() { ["pause_id"] = new IntAttribute(19) };

    private static readonly Dictionary<string, (string Config, Action<Graph> Mutate)> Mutations = new()
    {
        ["another pause id"] = ("llama", g => Change(g, n => n.OpType == GraphNames.AppendPause, n => n with { Attributes = AnotherPauseId })),
        ["one pause too many"] = ("gpt2", g => Replace(g, GraphNames.PauseCount, ConstantData.Of(5L))),
        ["a query sees what follows it"] = ("gpt2", g => Change(g, n => n.OpType == "LessOrEqual", n => n with { Inputs = [n.Inputs[1], n.Inputs[0]] })),
        ["padding is seen"] = ("llama", g => Change(g, n => n.OpType == "And", n => n with { OpType = "Or" })),
        ["rotated the other way"] = ("llama", g => Change(g, n => IsIn(n, "Add", "RotaryEmbedding"), n => n with { OpType = "Sub" })),
        ["no residual"] = ("llama-tied", g => Change(g, n => IsIn(n, "Add", "layers.0/Add_2"), n => n with { Inputs = [n.Inputs[1], n.Inputs[1]] })),
        ["unscaled attention"] = ("gpt2-untied", g => Change(g, n => IsIn(n, "Mul", "Attention"), n => n with { Inputs = [n.Inputs[0], g.Constant(DType.Float32, [], 1f)] })),
    };

    private static IEnumerable<string> MutationNames => Mutations.Keys;

    private static IEnumerable<string> ConfigNames => TinyCheckpoint.Configs.Keys;

    [TestCaseSource(nameof(MutationNames))]
    public void Proof_OfAMistakenLowering_Fails(string mutation)
    {
        var (config, mutate) = Mutations[mutation];
        Assert.That(() => Prove(config, mutate), Throws.TypeOf<ExportException>().With.Message.Contains("over 0.0001"));
    }

    [TestCaseSource(nameof(ConfigNames))]
    public void Proof_WithoutAMistake_Succeeds(string config)
    {
        Assert.That(() => Prove(config, _ => { }), Throws.Nothing);
    }

    private static void Prove(string configName, Action<Graph> mutate)
    {
        using var folder = new TemporaryFolder();
        var config = TinyCheckpoint.Configs[configName];
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, config, 4);
        using var weights = CheckpointWeights.Open(checkpoint, config);
        var graph = DecoderLowering.Lower(config, weights, new LoweringOptions(PauseCount: 4));
        var plan = ExportPlan.Read(new ExportOptions { Checkpoint = checkpoint, Output = folder["model"] });
        PassPipeline.Run(graph, plan.Passes(GraphPrecision.Fp32));
        mutate(graph);
        Assert.That(Verifier.FindFaults(graph), Is.Empty, "the mistake must not be one that the verifier finds");

        var data = new ExternalData(graph);
        data.Write(folder[FileNames.OnnxData], _ => { });
        OnnxWriter.Write(graph, data, folder[FileNames.Onnx], []);
        ParityProof.Run(folder[FileNames.Onnx], plan, GraphPrecision.Fp32, new ExportMeter(1, plan.Reference.Count, progress: null, CancellationToken.None));
    }

    private static bool IsIn(IrNode node, string op, string scope) =>
        node.OpType == op && node.Outputs[0].Name.Contains(scope, StringComparison.Ordinal);

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
