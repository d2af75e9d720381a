using PauseOnnx.Exporter;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>A trained checkpoint and data that it has not seen.</summary>
/// <param name="Name">Its name in the table.</param>
/// <param name="Checkpoint">Folder.</param>
/// <param name="Data">As <see cref="ExportOptions.Quality"/> takes it.</param>
/// <param name="Remedy">The command that makes both.</param>
internal sealed record QualitySource(string Name, string Checkpoint, string Data, string Remedy)
{
    /// <summary>What there is not; null where there is all.</summary>
    public string? Missing => !Directory.Exists(Checkpoint) ? Checkpoint : Path.Exists(Data) ? null : Data;
}

/// <summary>What precisions keep of trained models.</summary>
internal static class QualityTable
{
    private const int Samples = 1024;

    private static readonly GraphPrecision[] Blocks = [GraphPrecision.BlockInt8, GraphPrecision.BlockInt4];

    private static readonly (string Suffix, GraphPrecision[] Precisions, QuantizationOptions Quantization)[] Exports =
    [
        ("", Enum.GetValues<GraphPrecision>(), new()),
        (", --asymmetric", Blocks, new() { IsSymmetric = false }),
        (", --scales range", Blocks, new() { LeastError = false }),
        (", --block-size 32", Blocks, new() { BlockSize = 32 }),
    ];

    /// <summary>Exports and measures.</summary>
    /// <param name="sources">Models; one that is missing is named below the table.</param>
    /// <param name="folder">Where to export to.</param>
    /// <param name="cancellationToken">Cancels.</param>
    /// <returns>Lines of the document.</returns>
    public static IEnumerable<string> Measure(IReadOnlyList<QualitySource> sources, string folder, CancellationToken cancellationToken)
    {
        var table = new MarkdownTable("model", "precision", "accuracy", "perplexity", "same first choice as fp32", "divergence from fp32, nats", "tokens");
        foreach (var source in sources.Where(s => s.Missing is null))
        {
            foreach (var (suffix, precisions, quantization) in Exports)
            {
                Console.Error.WriteLine($"quality of {source.Name}{suffix}");
                Add(table, source, suffix, new()
                {
                    Checkpoint = source.Checkpoint,
                    Output = folder,
                    Target = ExportTarget.Standard,
                    Precisions = precisions,
                    Quantization = quantization,
                    Quality = source.Data,
                    QualitySamples = Samples,
                    Verify = Verification.None,
                }, cancellationToken);
            }
        }

        return [.. table.Lines, .. sources.Where(s => s.Missing is not null).SelectMany(s => new[] { "", $"**{s.Name} is left out**: '{s.Missing}' is missing; make it with `{s.Remedy}`." })];
    }

    private static void Add(MarkdownTable table, QualitySource source, string suffix, ExportOptions options, CancellationToken cancellationToken)
    {
        foreach (var variant in ModelExporter.Export(options, progress: null, cancellationToken).Variants)
        {
            var quality = variant.Quality!;
            table.Add(
                source.Name,
                variant.Precision + suffix,
                quality.Accuracy is { } accuracy ? $"{accuracy:P1}" : "-",
                $"{quality.Perplexity:F4}",
                $"{quality.Top1Agreement:P1}",
                $"{quality.KlDivergence:G2}",
                $"{quality.TargetTokens}");
        }

        Directory.Delete(options.Output, recursive: true);
    }
}
