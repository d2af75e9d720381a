using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using PauseOnnx.Model;

namespace PauseOnnx.Experiments;

/// <summary>Records as JSON files with Hugging Face's spelling of names, <c>pause_count</c> for PauseCount.</summary>
internal static class JsonRecord
{
    private static readonly JsonSerializerOptions Options = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        UnmappedMemberHandling = JsonUnmappedMemberHandling.Disallow,
        RespectNullableAnnotations = true,
        RespectRequiredConstructorParameters = true,
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.SnakeCaseLower, allowIntegerValues: false) },
    };

    private static readonly JsonSerializerOptions OneLine = new(Options) { WriteIndented = false };

    /// <summary>Reads a file; a key that is missing or unknown is a fault.</summary>
    /// <exception cref="ModelFormatException">The file is not such a record.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static T Read<T>(string file)
    {
        try
        {
            return JsonSerializer.Deserialize<T>(File.ReadAllBytes(file), Options) ?? throw new JsonException("The root is null; expected an object.");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"Not a valid {typeof(T).Name}: {e.Message.TrimEnd('.')} ({file}).", e);
        }
    }

    /// <summary>Writes a file; an earlier one stays whole until the new one is.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void Write<T>(string file, T record) =>
        AtomicFile.Write(file, temporary => File.WriteAllText(temporary, JsonSerializer.Serialize(record, Options) + "\n"));

    /// <summary>Writes JSON lines, a record each; an earlier file stays whole until the new one is.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    public static void WriteLines<T>(string file, IEnumerable<T> records) =>
        AtomicFile.Write(file, temporary => File.WriteAllLines(temporary, records.Select(r => JsonSerializer.Serialize(r, OneLine))));
}
