using PauseOnnx.Exporter;
using PauseOnnx.Model;
using Spectre.Console;

namespace PauseOnnx.Cli;

/// <summary>What <c>pauseonnx inspect</c> shows of a model, as tables.</summary>
internal static class InspectTables
{
    /// <summary>Every table; of an ONNX file outside a model folder only those of the file.</summary>
    public static IEnumerable<Table> Of(InspectedModel model, OnnxSummary summary)
    {
        if (model.Folder is null)
        {
            return [GraphTable(model, summary), OperatorsTable(summary)];
        }

        var config = ModelConfigJson.Read(Path.Combine(model.Folder, FileNames.Config));
        var reportFile = Path.Combine(model.Folder, FileNames.ExportReport);
        var report = File.Exists(reportFile) ? ExportReport.Read(reportFile) : null;
        return
        [
            ConfigTable(config), PausesTable(config, summary), GraphTable(model, summary), OperatorsTable(summary), FilesTable(model.Folder),
            ParityTable(report),
        ];
    }

    private static Table ConfigTable(ModelConfig config) => Tables.Properties("Model",
        ("family", config.Family.ToString().ToLowerInvariant()),
        ("layers", $"{config.NumHiddenLayers}"),
        ("hidden size", $"{config.HiddenSize}"),
        ("attention", $"{config.NumAttentionHeads} query heads, {config.NumKeyValueHeads} key/value heads, width {config.HeadDim}"),
        ("feed-forward", $"{config.IntermediateSize}, {config.HiddenAct.ToString().ToLowerInvariant()}"),
        ("vocabulary", $"{config.OrdinaryVocabSize} ordinary ids{(config.Pause is { } pause ? $", <pause> is {pause.TokenId}" : "")}"),
        ("positions", $"{config.MaxPositionEmbeddings}"),
        ("head", config.TieWordEmbeddings ? "tied to the embedding" : "its own"));

    private static Table PausesTable(ModelConfig config, OnnxSummary summary) => Tables.Properties("Pauses",
        ("pause count", Metadata(summary, MetadataNames.PauseCount)),
        ("mode", Metadata(summary, MetadataNames.PauseCountMode)),
        ("training", Metadata(summary, MetadataNames.PauseTraining)),
        ("config.json says", config.Pause is { } pause ? $"{pause.Count} pauses, {pause.Training}" : "no <pause> token"));

    private static Table GraphTable(InspectedModel model, OnnxSummary summary) => Tables.Properties("ONNX file",
        ("graphs", Graphs(model)),
        ("name", Metadata(summary, MetadataNames.ModelName)),
        ("target", Metadata(summary, MetadataNames.Target)),
        ("precision", Metadata(summary, MetadataNames.Precision)),
        ("cache", Metadata(summary, MetadataNames.Cache)),
        ("written by", summary.Producer),
        ("format", $"IR version {summary.IrVersion}; {string.Join(", ", summary.Opsets.Select(o => $"{o.Key} {o.Value}"))}"),
        ("functions", summary.Functions.Count > 0 ? string.Join(", ", summary.Functions) : "none"),
        ("inputs", Lines(summary.Inputs)),
        ("outputs", Lines(summary.Outputs)),
        ("initializers", $"{summary.InitializerCount}"),
        ("checkpoint", Metadata(summary, MetadataNames.CheckpointHash)));

    private static Table OperatorsTable(OnnxSummary summary)
    {
        var table = Tables.New($"Operators ({summary.Nodes.Values.Sum()} nodes)", "domain", "operators");
        foreach (var domain in summary.Nodes.GroupBy(n => n.Key.Domain).OrderBy(d => d.Key, StringComparer.Ordinal))
        {
            var operators = domain.OrderByDescending(n => n.Value).ThenBy(n => n.Key.Operator, StringComparer.Ordinal).Select(n => $"{n.Key.Operator} {n.Value}");
            table.AddRow(Markup.Escape(domain.Key), Markup.Escape(string.Join(", ", operators)));
        }

        return table;
    }

    private static Table FilesTable(string folder)
    {
        var table = Tables.New("Files", "file", "size");
        foreach (var file in new DirectoryInfo(folder).EnumerateFiles("*", SearchOption.AllDirectories).OrderBy(f => f.FullName, StringComparer.Ordinal))
        {
            table.AddRow(Markup.Escape(Path.GetRelativePath(folder, file.FullName)), ByteSize.Format(file.Length));
        }

        return table;
    }

    private static Table ParityTable(ExportReport? report)
    {
        if (report is not { IsProven: true })
        {
            return Tables.Properties("Proof", ("parity", report is null ? $"unknown: there is no {FileNames.ExportReport}" : "not proven: exported with --verify none"));
        }

        var table = Tables.New("Proof against the trainer's own logits", "precision", "case", "pauses", "batch", "decode steps", "largest difference", "relative error");
        foreach (var (variant, p) in report.Variants.SelectMany(v => v.Parity.Select(p => (v, p))))
        {
            table.AddRow(variant.Precision, Markup.Escape(p.Case), $"{p.PauseCount}", $"{p.Batch}", $"{p.DecodeSteps}", $"{p.MaxDifference:G2}", $"{p.RelativeError:G2}");
        }

        return table;
    }

    private static string Graphs(InspectedModel model)
    {
        var shown = Path.GetFileName(model.Onnx);
        var precisions = model.Folder is null ? [] : GraphPrecisions.In(model.Folder);
        var known = precisions.Select(p => (File: Path.GetFileName(GraphPrecisions.FileOf(p)), Name: GraphPrecisions.NameOf(p)));
        var others = known.Where(g => g.File != shown).Select(g => $"{g.File} ({g.Name})");
        return string.Join('\n', others.Prepend($"{shown} (shown here)"));
    }

    private static string Metadata(OnnxSummary summary, string key) => summary.Metadata.GetValueOrDefault(key, "not said");

    // Past and present come in pairs for every layer: the first pair stands for all.
    private static string Lines(IReadOnlyList<string> values)
    {
        string[] shown = [.. values.Where(v => !IsLaterLayer(v))];
        return string.Join('\n', shown) + (shown.Length < values.Count ? $"\nand {values.Count - shown.Length} of the other layers" : "");
    }

    private static bool IsLaterLayer(string value) =>
        value.Split('.') is [_, var layer, ..] && int.TryParse(layer, out var number) && number > 0;
}
