using System.Text.Json;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>
/// JSON lines, such as C4 as it is distributed: each line is an object, and the text field of each is a document. Blank
/// lines, and documents whose text is null or empty, are left out.
/// </summary>
internal sealed class JsonLinesFormat : IDocumentFormat
{
    /// <summary>Longest line that is read; a file without line ends is something else than JSON lines.</summary>
    internal const int MaxLineBytes = 1 << 28;

    /// <inheritdoc/>
    public IEnumerable<DocumentPart> Read(Stream content, string file, string textField)
    {
        long number = 0;
        foreach (var line in ReadLines(content, file))
        {
            number++;
            var place = $"{file}, line {number}";
            if (line.AsSpan().ContainsAnyExcept(" \t\r"u8))
            {
                yield return new DocumentPart(() => Parse(line, textField, place), line.Length);
            }
        }
    }

    /// <summary>Whether the first line that is not blank is a JSON object of its own.</summary>
    /// <exception cref="ModelFormatException">The file is compressed and broken.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static bool BeginsWithObject(string file)
    {
        using var content = CompressedFile.Open(file, out _);
        var first = ReadLines(content, file).FirstOrDefault(l => l.AsSpan().ContainsAnyExcept(" \t\r"u8));
        try
        {
            using var json = JsonDocument.Parse(first);
            return json.RootElement.ValueKind == JsonValueKind.Object;
        }
        catch (JsonException)
        {
            return false;
        }
    }

    private static IEnumerable<byte[]> ReadLines(Stream content, string file)
    {
        var buffer = new byte[1 << 20];
        var (start, end, isFirst) = (0, 0, true);
        while (true)
        {
            var length = buffer.AsSpan(start, end - start).IndexOf((byte)'\n');
            if (length < 0)
            {
                (start, end, buffer) = MakeRoom(buffer, start, end, file);
                var count = content.Read(buffer.AsSpan(end));
                end += count;
                if (count > 0)
                {
                    continue;
                }

                length = end;
            }

            var line = buffer.AsSpan(start, length);
            yield return (isFirst && line.StartsWith("\uFEFF"u8) ? line[3..] : line).ToArray();
            isFirst = false;
            start += length + 1;
            if (start > end)
            {
                yield break;
            }
        }
    }

    private static (int Start, int End, byte[] Buffer) MakeRoom(byte[] buffer, int start, int end, string file)
    {
        var kept = buffer.AsSpan(start, end - start);
        if (kept.Length >= MaxLineBytes)
        {
            throw new ModelFormatException($"A line is longer than {MaxLineBytes >> 20} MiB; expected JSON lines, one object a line ({file}).");
        }

        var room = kept.Length > buffer.Length / 2 ? new byte[2 * buffer.Length] : buffer;
        kept.CopyTo(room);
        return (0, kept.Length, room);
    }

    private static string Parse(byte[] line, string textField, string place)
    {
        try
        {
            return FindText(line, textField, place);
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"Not valid JSON; expected an object with \"{textField}\" on each line ({place}).", e);
        }
    }

    // The reader walks over the line without building a document of it.
    private static string FindText(byte[] line, string textField, string place)
    {
        var reader = new Utf8JsonReader(line);
        reader.Read();
        if (reader.TokenType != JsonTokenType.StartObject)
        {
            throw new ModelFormatException($"The line is {Describe(reader.TokenType)}; expected an object with \"{textField}\" on each line ({place}).");
        }

        string? text = null;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var isText = reader.ValueTextEquals(textField);
            reader.Read();
            if (isText)
            {
                text = reader.TokenType switch
                {
                    JsonTokenType.String => reader.GetString()!,
                    JsonTokenType.Null => "",
                    _ => throw new ModelFormatException($"'{textField}' is {Describe(reader.TokenType)}; expected a string ({place})."),
                };
            }

            reader.Skip();
        }

        // Whatever follows the object makes the reader throw.
        reader.Read();
        return text ?? throw new ModelFormatException($"'{textField}' is missing; expected a string: name another field with --text-field ({place}).");
    }

    private static string Describe(JsonTokenType type) => type switch
    {
        JsonTokenType.StartArray => "an array",
        JsonTokenType.StartObject => "an object",
        JsonTokenType.String => "a string",
        JsonTokenType.Number => "a number",
        JsonTokenType.True or JsonTokenType.False => "true or false",
        _ => "null",
    };
}
