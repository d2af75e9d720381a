using PauseOnnx.Exporter.Hosts;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>Gathers what an export's report and the files' own metadata say.</summary>
internal static class ExportReports
{
    /// <summary>What is known before a graph is built; graphs and files follow.</summary>
    public static ExportReport Describe(ExportPlan plan, string checkpointSha256) => new()
    {
        ToolVersion = ModelExporter.ToolVersion,
        CheckpointSha256 = checkpointSha256,
        Family = ModelConfigJson.ModelTypeOf(plan.Config.Family),
        Target = plan.Target.Name,
        Cache = plan.Target.HasSharedCache ? MetadataNames.SharedCache : MetadataNames.GrowingCache,
        Logits = plan.Logits.ToString().ToLowerInvariant(),
        PauseCount = plan.PauseCount,
        PauseCountMode = plan.IsDynamic ? "dynamic" : "baked",
        PauseTraining = plan.Config.Pause?.Training ?? "none",
        Variants = [],
        Files = [],
    };

    /// <summary>What is known of a graph before it is proven.</summary>
    public static VariantReport Describe(ExportPlan plan, GraphPrecision precision, Graph graph, ExternalData data, IReadOnlyList<PassReport> passes) => new()
    {
        Precision = GraphPrecisions.NameOf(precision),
        File = plan.FileOf(precision),
        Opsets = graph.Opsets.ToDictionary(o => OnnxSummary.DomainName(o.Key), o => o.Value),
        Passes = passes,
        Nodes = graph.Nodes.CountBy(n => n.QualifiedName).OrderBy(n => n.Key, StringComparer.Ordinal).ToDictionary(n => n.Key, n => n.Value),
        WeightCount = data.Count,
        WeightBytes = data.Length,
        Parity = [],
    };

    /// <summary>A file's metadata_props.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Metadata(ExportReport report, ExportPlan plan, GraphPrecision precision)
    {
        var metadata = new Dictionary<string, string>
        {
            [MetadataNames.ModelName] = ModelName(plan),
            [MetadataNames.Target] = report.Target,
            [MetadataNames.Precision] = GraphPrecisions.NameOf(precision),
            [MetadataNames.Cache] = report.Cache,
            [MetadataNames.PauseCount] = $"{report.PauseCount}",
            [MetadataNames.PauseCountMode] = report.PauseCountMode,
            [MetadataNames.PauseTraining] = report.PauseTraining,
            [MetadataNames.ToolVersion] = report.ToolVersion,
            [MetadataNames.CheckpointHash] = report.CheckpointSha256,
        };
        IEnumerable<KeyValuePair<string, string>> profile = plan.Options.Target == ExportTarget.TensorRT
            ? TensorRtProfile.Options(plan.Config, plan.Options.MaxBatchSize, plan.MaxLength).Select(o => KeyValuePair.Create($"{MetadataNames.Prefix}{o.Key}", o.Value))
            : [];
        return metadata.Concat(profile);
    }

    /// <summary>The model's name: that of its folder.</summary>
    public static string ModelName(ExportPlan plan) => Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(plan.Options.Output)));

    /// <summary>Every file of a folder, by name.</summary>
    public static IReadOnlyList<FileReport> Files(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(f => new FileReport(Path.GetRelativePath(folder, f.FullName).Replace('\\', '/'), f.Length))
            .OrderBy(f => f.Name, StringComparer.Ordinal)];
}
