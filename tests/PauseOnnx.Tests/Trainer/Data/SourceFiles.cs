using System.IO.Compression;
using System.Text;
using System.Text.Json;
using Parquet;
using Parquet.Schema;
using ZstdSharp;

namespace PauseOnnx.Tests.Trainer.Data;

/// <summary>Writes source files of every kind.</summary>
internal static class SourceFiles
{
    /// <summary>Writes bytes, compressed as the suffix says.</summary>
    public static void Write(string file, ReadOnlySpan<byte> content)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        using var stream = File.Create(file);
        using Stream compressed = Path.GetExtension(file).ToLowerInvariant() switch
        {
            ".gz" => new GZipStream(stream, CompressionLevel.Fastest),
            ".zst" => new CompressionStream(stream),
            _ => stream,
        };
        compressed.Write(content);
    }

    /// <summary>Writes text in UTF-8, compressed as the suffix says.</summary>
    public static void Write(string file, string text) => Write(file, Encoding.UTF8.GetBytes(text));

    /// <summary>Writes documents as JSON lines, compressed as the suffix says.</summary>
    public static void WriteJsonLines(string file, IEnumerable<string> documents, string field = "text") =>
        Write(file, string.Concat(documents.Select(d => $"{{\"url\": \"x\", {JsonSerializer.Serialize(field)}: {JsonSerializer.Serialize(d)}, \"n\": {{\"text\": 1}}}}\n")));

    /// <summary>Writes documents as the column of a Parquet file with two row groups and a column of integers.</summary>
    public static async Task WriteParquetAsync(string file, string?[] documents, string column = "text")
    {
        var schema = new ParquetSchema(new DataField<int>("number"), new DataField<string>(column));
        await using var stream = File.Create(file);
        await using var writer = await ParquetWriter.CreateAsync(schema, stream);
        foreach (var rows in documents.Chunk((documents.Length + 1) / 2))
        {
            using var group = writer.CreateRowGroup();
            await group.WriteAsync<int>(schema.DataFields[0], new int[rows.Length]);
            await group.WriteAsync(schema.DataFields[1], rows!);
        }
    }
}
