using Parquet;
using Parquet.Schema;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>
/// Parquet: each row is a document, its text a column of strings. A row group's column is in memory at a time. Rows whose
/// text is null or empty are left out.
/// </summary>
internal sealed class ParquetFormat : IDocumentFormat
{
    /// <inheritdoc/>
    public IEnumerable<DocumentPart> Read(Stream content, string file, string textField)
    {
        if (!content.CanSeek)
        {
            throw new ModelFormatException($"The Parquet file is compressed as a whole; expected .parquet, which compresses its columns itself ({file}).");
        }

        var reader = Checked(() => ParquetReader.CreateAsync(content, leaveStreamOpen: true), file);
        try
        {
            var column = FindColumn(reader.Schema, textField, file);
            for (var group = 0; group < reader.RowGroupCount; group++)
            {
                foreach (var text in Checked(() => ReadColumnAsync(reader, group, column), file))
                {
                    yield return new DocumentPart(() => text ?? "", text?.Length ?? 0);
                }
            }
        }
        finally
        {
            reader.DisposeAsync().AsTask().GetAwaiter().GetResult();
        }
    }

    private static DataField FindColumn(ParquetSchema schema, string name, string file)
    {
        var column = Array.Find(schema.DataFields, f => f.Path.ToString() == name)
            ?? throw new ModelFormatException($"There is no column '{name}'; expected one of {string.Join(", ", schema.DataFields.Select(f => f.Path))}, named with --text-field ({file}).");
        return column.ClrType == typeof(ReadOnlyMemory<char>) && !column.IsArray && column.MaxRepetitionLevel == 0
            ? column
            : throw new ModelFormatException($"Column '{name}' is of type {column.ClrType.Name}; expected strings ({file}).");
    }

    private static async Task<string?[]> ReadColumnAsync(ParquetReader reader, int group, DataField column)
    {
        using var rows = reader.OpenRowGroupReader(group);
        var texts = new string?[rows.RowCount];
        await rows.ReadAsync(column, texts.AsMemory()!).ConfigureAwait(false);
        return texts;
    }

    // Damaged files make the library throw whatever its decoders throw.
    private static T Checked<T>(Func<Task<T>> read, string file)
    {
        try
        {
            return Task.Run(read).GetAwaiter().GetResult();
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            throw new ModelFormatException($"Not a whole Parquet file: {e.Message.TrimEnd('.')} ({file}).", e);
        }
    }
}
