namespace PauseOnnx.Trainer;

/// <summary>Which format a file has, by its suffixes: <c>name[.format][.compression]</c>.</summary>
internal static class DocumentFormats
{
    private static readonly Dictionary<string, IDocumentFormat> BySuffix = new(StringComparer.OrdinalIgnoreCase)
    {
        [".jsonl"] = new JsonLinesFormat(),
        [".json"] = new JsonLinesFormat(),
        [".parquet"] = new ParquetFormat(),
    };

    private static readonly TextFormat Text = new();

    /// <summary>The format of a file; text where no suffix says otherwise.</summary>
    /// <remarks>
    /// A .json file whose first line is no object of its own, such as package.json, is text: folders of source code have many.
    /// </remarks>
    /// <exception cref="PauseOnnx.Model.ModelFormatException">The file is compressed and broken.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static IDocumentFormat Of(string file)
    {
        var suffix = Path.GetExtension(CompressedFile.WithoutSuffix(file));
        if (!BySuffix.TryGetValue(suffix, out var format))
        {
            return Text;
        }

        return suffix.Equals(".json", StringComparison.OrdinalIgnoreCase) && !JsonLinesFormat.BeginsWithObject(file) ? Text : format;
    }
}
