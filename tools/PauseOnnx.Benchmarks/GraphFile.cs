using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>An exported graph to measure.</summary>
/// <param name="File">The ONNX file; its weights are beside it.</param>
/// <param name="Config">The checkpoint's config.json.</param>
/// <param name="HasSharedCache">Whether past and present are one buffer of the host's.</param>
/// <param name="Nodes">Nodes, a call of a function counted as one.</param>
/// <param name="Bytes">Size of both files.</param>
/// <param name="BytesPerToken">What a decode step at <see cref="CallsCommand.DecodePosition"/> positions must read.</param>
/// <param name="Passes">What each pass did to the number of nodes.</param>
internal sealed record GraphFile(
    string File, string Config, bool HasSharedCache, int Nodes, long Bytes, long BytesPerToken, IReadOnlyList<PassReport> Passes)
{
    /// <summary>Lowers a checkpoint and writes the graph, as an export does, with a pause count that calls can choose.</summary>
    /// <param name="checkpoint">Folder of the checkpoint.</param>
    /// <param name="file">Where to.</param>
    /// <param name="target">The kind of host.</param>
    /// <param name="precision">What numbers the graph holds.</param>
    /// <param name="change">What to do to the list of passes; null for nothing.</param>
    public static GraphFile Write(string checkpoint, string file, ExportTarget target, GraphPrecision precision, PassChange? change)
    {
        var plan = ExportPlan.Read(new()
        {
            Checkpoint = checkpoint,
            Output = file,
            Target = target,
            Precisions = [precision],
            DynamicPauseCount = true,
            MaxLength = CallsCommand.MaxLength,
            Verify = Verification.None,
        });
        using var weights = CheckpointWeights.Open(checkpoint, plan.Config);
        var graph = DecoderLowering.Lower(plan.Config, weights, new LoweringOptions(plan.PauseCount, plan.IsDynamic, plan.Logits));
        var passes = PassPipeline.Run(graph, [.. plan.Passes(precision).SelectMany(p => change is null ? [p] : change.Apply(p))]);
        var data = new ExternalData(graph);
        data.Write(file + FileNames.DataSuffix, _ => { });
        OnnxWriter.Write(graph, data, file, []);
        var config = Path.Combine(checkpoint, FileNames.Config);
        return new(file, config, plan.Target.HasSharedCache, graph.Nodes.Count, data.Length + new FileInfo(file).Length, Traffic(graph), passes);
    }

    // Weights that are computed with, and the cache; of a table, of which a token takes a row, nothing.
    private static long Traffic(Graph graph)
    {
        var used = graph.Nodes.Where(n => n.OpType != "RotaryEmbedding").SelectMany(n => n.Inputs.Skip(n.OpType == "Gather" ? 1 : 0)).Select(i => i.Name).ToHashSet();
        var weights = graph.Initializers.Where(i => used.Contains(i.Value.Name)).Sum(i => i.Data.Length);
        var past = graph.Inputs.Where(i => i.Name.StartsWith("past_key_values.", StringComparison.Ordinal));
        return weights + past.Sum(p => DTypes.BytesOf(p.Type, p.Shape[1].Length!.Value * CallsCommand.DecodePosition * p.Shape[3].Length!.Value));
    }
}
