using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter;

/// <summary>Gathers what an export's report and the file's own metadata say.</summary>
internal static class ExportReports
{
    /// <summary>What is known once the graph is built; files and parity follow.</summary>
    public static ExportReport Describe(
        Graph graph, ExternalData data, ExportPlan plan, IReadOnlyList<PassReport> passes, string checkpointSha256) => new()
        {
            ToolVersion = ModelExporter.ToolVersion,
            CheckpointSha256 = checkpointSha256,
            Family = plan.Config.Family.ToString().ToLowerInvariant(),
            Opsets = graph.Opsets.ToDictionary(o => OnnxSummary.DomainName(o.Key), o => o.Value),
            PauseCount = plan.PauseCount,
            PauseCountMode = plan.IsDynamic ? "dynamic" : "baked",
            PauseTraining = plan.Config.Pause?.Training ?? "none",
            Passes = passes,
            Nodes = graph.Nodes.CountBy(n => n.QualifiedName).OrderBy(n => n.Key, StringComparer.Ordinal).ToDictionary(n => n.Key, n => n.Value),
            WeightCount = data.Count,
            WeightBytes = data.Length,
            Files = [],
            Parity = [],
        };

    /// <summary>The file's metadata_props.</summary>
    public static IEnumerable<KeyValuePair<string, string>> Metadata(ExportReport report, string folder) => new Dictionary<string, string>
    {
        [MetadataNames.ModelName] = Path.GetFileName(Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder))),
        [MetadataNames.PauseCount] = $"{report.PauseCount}",
        [MetadataNames.PauseCountMode] = report.PauseCountMode,
        [MetadataNames.PauseTraining] = report.PauseTraining,
        [MetadataNames.ToolVersion] = report.ToolVersion,
        [MetadataNames.CheckpointHash] = report.CheckpointSha256,
    };

    /// <summary>Every file of a folder, by name.</summary>
    public static IReadOnlyList<FileReport> Files(string folder) =>
        [.. new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories)
            .Select(f => new FileReport(Path.GetRelativePath(folder, f.FullName).Replace('\\', '/'), f.Length))
            .OrderBy(f => f.Name, StringComparer.Ordinal)];
}
