using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;

namespace PauseOnnx.Tests.Exporter.Proof;

/// <summary>Every mistake of a kind, in every place where it can be made: each must be noticed, or change nothing for a known reason.</summary>
public class SystematicMutationTests
{
    private static readonly HashSet<string> Commutative = ["Add", "And", "Equal", "Max", "Mul", "Or"];

    // They make a graph smaller or faster, not other.
    private static readonly HashSet<string> Optimizations =
        [nameof(ConstantFolding), nameof(IdentityRemoval), nameof(CommonSubexpressions), nameof(DeadNodes), nameof(EarlyDelay), nameof(JoinProjections), nameof(JoinRotary)];

    // The mask's keys become one position that all queries see: GroupQueryAttention lets none see what follows it anyhow.
    private static readonly Dictionary<ExportTarget, string[]> Harmless = new() { [ExportTarget.GenAI] = ["Range 'mask/Range_2': 1 and 2"] };

    private static IEnumerable<TestCaseData> Forms() =>
        from form in new[]
        {
            ("llama", ExportTarget.Portable), ("llama", ExportTarget.Standard), ("llama", ExportTarget.SharedCache), ("llama", ExportTarget.GenAI),
            ("gpt2", ExportTarget.Portable), ("gpt_neox", ExportTarget.SharedCache),
        }
        select new TestCaseData(form.Item1, form.Item2).SetArgDisplayNames(form.Item1, Targets.Of(form.Item2).Name);

    // The last pass says which operators a graph needs; ONNX Runtime here has those of every version.
    private static IEnumerable<TestCaseData> Passes() =>
        from config in new[] { "llama", "gpt_neox" }
        from target in Enum.GetValues<ExportTarget>()
        from pass in PassesOf(config, target).SkipLast(1).Index()
        select new TestCaseData(config, target, pass.Index).SetArgDisplayNames(config, Targets.Of(target).Name, $"{pass.Index} {pass.Item}");

    private static string[] PassesOf(string config, ExportTarget target)
    {
        using var model = new MutatedModel(config, target);
        return [.. model.Passes.Select(p => p.Name)];
    }

    [TestCaseSource(nameof(Forms))]
    public void SwappedInputs_OfAnyNode_AreNoticed(string config, ExportTarget target)
    {
        // With the bodies of functions in the graph, so that they are mistaken too.
        using var model = new MutatedModel(config, target, hasFunctions: false);
        var graph = model.Make(model.Passes);
        var outcomes = new List<(string Swap, Noticed By)>();
        for (var i = 0; i < graph.Nodes.Count; i++)
        {
            var node = graph.Nodes[i];
            foreach (var (first, second) in Pairs(node))
            {
                Value[] inputs = [.. node.Inputs];
                (inputs[first], inputs[second]) = (inputs[second], inputs[first]);
                graph.Nodes[i] = node with { Inputs = inputs };
                outcomes.Add(($"{node.OpType} '{node.Outputs[0].Name}': {first} and {second}", model.Prove(() => graph)));
            }

            graph.Nodes[i] = node;
        }

        TestContext.Out.WriteLine(string.Join(", ", outcomes.CountBy(o => o.By).Select(g => $"{g.Key} {g.Value}")));
        Assert.That(outcomes, Is.Not.Empty);
        Assert.That(outcomes.Where(o => o.By == Noticed.Nobody).Select(o => o.Swap), Is.EqualTo(Harmless.GetValueOrDefault(target, [])));
    }

    [TestCaseSource(nameof(Passes))]
    public void DroppedPass_IsNoticed_UnlessItOnlyOptimizesOrHasNothingToDo(string config, ExportTarget target, int index)
    {
        using var model = new MutatedModel(config, target);
        IPass[] others = [.. model.Passes.Where((_, i) => i != index)];
        var noticed = model.Prove(() => model.Make(others));
        if (Optimizations.Contains(model.Passes[index].Name) || !HasWork(model, index))
        {
            Assert.That(noticed, Is.EqualTo(Noticed.Nobody));
        }
        else
        {
            Assert.That(noticed, Is.Not.EqualTo(Noticed.Nobody));
        }
    }

    [TestCaseSource(nameof(Forms))]
    public void FlippedSign_OfAValueOfAnyWeight_FailsTheProof(string config, ExportTarget target)
    {
        using var model = new MutatedModel(config, target);
        var graph = model.Make(model.Passes);
        var id = model.Plan.Reference[0].InputIds[0];
        var unnoticed = graph.Initializers.Where(i => new ExternalData(graph).OffsetOf(i) is not null)
            .Where(i => model.Prove(() => graph, (data, bytes) => Flip(i, data.OffsetOf(i)!.Value, bytes, id)) != Noticed.Proof)
            .Select(i => i.Value.Name);
        Assert.That(unnoticed, Is.Empty);
    }

    private static bool HasWork(MutatedModel model, int index) => model.Passes[index].Run(model.Make([.. model.Passes.Take(index)]));

    // Inputs that could be mistaken for each other: those of one type.
    private static IEnumerable<(int First, int Second)> Pairs(Node node) =>
        from first in Enumerable.Range(0, node.Inputs.Count)
        from second in Enumerable.Range(first + 1, node.Inputs.Count - first - 1)
        where node.Inputs[first] != node.Inputs[second] && node.Inputs[first].Type == node.Inputs[second].Type
            && node.Inputs[first] != Value.None && node.Inputs[second] != Value.None && !Commutative.Contains(node.OpType)
        select (first, second);

    // A value that the reference's prompts use: of tables the row of a place or of an id that is there, of joined biases one of
    // the last third, as those of keys add the same to all scores; else the largest.
    private static void Flip(Initializer initializer, long offset, byte[] bytes, long id)
    {
        var name = initializer.Value.Name;
        var values = MemoryMarshal.Cast<byte, float>(bytes.AsSpan((int)offset, (int)initializer.Data.Length));
        var width = (int)initializer.Value.Shape[^1].Length!.Value;
        const int place = 3;
        var first = name.StartsWith("rotary.", StringComparison.Ordinal) || name == WeightNames.Positions ? place * width
            : name.Contains("embed", StringComparison.Ordinal) || name.Contains("wte", StringComparison.Ordinal) ? (int)id * width
            : name.Contains(".bias", StringComparison.Ordinal) ? values.Length * 2 / 3
            : 0;
        var last = first > 0 && values.Length > width ? first + width : values.Length;
        var index = first + TensorPrimitives.IndexOfMaxMagnitude<float>(values[first..last]);
        values[index] = -values[index];
    }
}
