using System.Globalization;
using System.Text.Json;
using System.Text.Unicode;

namespace PauseOnnx.Model;

/// <summary>
/// Reads the fields of one JSON object and collects every fault instead of stopping at the first, so that a user repairs a
/// file once. A faulty field yields its fallback; call <see cref="ModelFormatException.ThrowIfAny"/> after the last one.
/// </summary>
/// <param name="json">The object to read.</param>
/// <param name="path">Prefix of field names in messages: empty at the root, <c>pretrain.</c> inside that object.</param>
/// <param name="faults">Where faults are added.</param>
public sealed class JsonFields(JsonElement json, string path, List<string> faults)
{
    private readonly HashSet<string> _seen = [];

    /// <summary>Parses a file that holds one JSON object.</summary>
    /// <exception cref="ModelFormatException">The file is not JSON, or its root is not an object.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static JsonElement ParseObject(string file) => ParseObject(File.ReadAllBytes(file), file);

    /// <summary>Parses what a file that holds one JSON object contains.</summary>
    /// <param name="content">UTF-8.</param>
    /// <param name="file">Where it is from, for messages.</param>
    /// <exception cref="ModelFormatException">It is not JSON, or its root is not an object.</exception>
    public static JsonElement ParseObject(ReadOnlyMemory<byte> content, string file)
    {
        try
        {
            using var document = JsonDocument.Parse(content);
            var root = document.RootElement.Clone();
            if (MayHoldHalfPairs(content.Span))
            {
                CheckStrings(root);
            }

            return root.ValueKind == JsonValueKind.Object
                ? root
                : throw new ModelFormatException($"The root is {Describe(root)}; expected a JSON object ({file}).");
        }
        catch (JsonException e)
        {
            throw new ModelFormatException($"Not valid JSON at line {e.LineNumber + 1}, byte {e.BytePositionInLine}; expected a JSON object ({file}).", e);
        }
        catch (InvalidOperationException e)
        {
            throw new ModelFormatException($"Not valid JSON, as a string in it is no Unicode text; expected a JSON object ({file}).", e);
        }
    }

    /// <summary>Whether the field is present and not null.</summary>
    public bool Has(string name) => Find(name) is not null;

    /// <summary>Whether the field is present and null, which can mean something else than leaving it out.</summary>
    public bool IsNull(string name)
    {
        _seen.Add(name);
        return json.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Null;
    }

    /// <summary>An integer within <paramref name="min"/>..<paramref name="max"/>; required when there is no fallback.</summary>
    public int WholeNumber(string name, int? fallback = null, int min = 0, int max = int.MaxValue)
    {
        if (Value(name, fallback is null, $"an integer from {min}") is not { } value)
        {
            return fallback ?? min;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out var number) && number >= min && number <= max)
        {
            return number;
        }

        var range = max == int.MaxValue ? $"an integer from {min}" : $"an integer from {min} to {max}";
        Fault(name, value, range);
        return fallback ?? min;
    }

    /// <summary>A finite number within <paramref name="min"/>..<paramref name="max"/>; required when there is no fallback.</summary>
    public double Number(string name, double? fallback = null, double min = 0, double max = double.MaxValue)
    {
        var range = max == double.MaxValue
            ? string.Create(CultureInfo.InvariantCulture, $"a number from {min}")
            : string.Create(CultureInfo.InvariantCulture, $"a number from {min} to {max}");
        if (Value(name, fallback is null, range) is not { } value)
        {
            return fallback ?? min;
        }

        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && number >= min && number <= max)
        {
            return number;
        }

        Fault(name, value, range);
        return fallback ?? min;
    }

    /// <summary>true or false; required when there is no fallback.</summary>
    public bool Flag(string name, bool? fallback = null)
    {
        if (Value(name, fallback is null, "true or false") is not { } value)
        {
            return fallback ?? false;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Fault(name, value, "true or false");
        return fallback ?? false;
    }

    /// <summary>A string, one of <paramref name="allowed"/> when that is given; required when there is no fallback.</summary>
    public string Text(string name, string? fallback = null, IReadOnlyCollection<string>? allowed = null)
    {
        var expected = allowed is null ? "a string" : string.Join(" or ", allowed.Select(a => $"'{a}'"));
        if (Value(name, fallback is null, expected) is not { } value)
        {
            return fallback ?? "";
        }

        if (value.ValueKind == JsonValueKind.String && (allowed is null || allowed.Contains(value.GetString()!)))
        {
            return value.GetString()!;
        }

        Fault(name, value, expected);
        return fallback ?? "";
    }

    /// <summary>A special token as Hugging Face writes it: a string, or an object with its content, like those of added_tokens.</summary>
    internal string TokenText(string name) =>
        Raw(name) is { ValueKind: JsonValueKind.Object } ? Nested(name)!.Text("content") : Text(name);

    /// <summary>A nested object's fields; null when the field is absent.</summary>
    public JsonFields? Nested(string name)
    {
        if (Value(name, required: false, "an object") is not { } value)
        {
            return null;
        }

        if (value.ValueKind == JsonValueKind.Object)
        {
            return new JsonFields(value, $"{path}{name}.", faults);
        }

        Fault(name, value, "an object");
        return null;
    }

    /// <summary>One integer from 0 or an array of them, as Hugging Face writes <c>eos_token_id</c>; empty when absent.</summary>
    public IReadOnlyList<int> IntList(string name)
    {
        if (Value(name, required: false, "") is not { } value)
        {
            return [];
        }

        var items = value.ValueKind == JsonValueKind.Array ? [.. value.EnumerateArray()] : new[] { value };
        if (items.All(i => i.ValueKind == JsonValueKind.Number && i.TryGetInt32(out var number) && number >= 0))
        {
            return [.. items.Select(i => i.GetInt32())];
        }

        Fault(name, value, "an integer from 0 or a list of them");
        return [];
    }

    /// <summary>The raw value; null when absent or null. The caller validates it.</summary>
    public JsonElement? Raw(string name) => Value(name, required: false, "");

    /// <summary>Adds a fault that concerns several fields or a rule of the caller's.</summary>
    public void Fault(string sentence) => faults.Add(sentence);

    /// <summary>Adds a fault for every field that nobody asked for: a misspelt setting must not be ignored.</summary>
    public void RefuseUnknown()
    {
        foreach (var property in json.EnumerateObject().Where(p => !_seen.Contains(p.Name)))
        {
            faults.Add($"'{path}{property.Name}' is unknown; expected one of {string.Join(", ", _seen.Order())}");
        }
    }

    // What is UTF-8 and escapes no surrogate has none but Unicode texts; a large vocabulary is not read twice to see that.
    private static bool MayHoldHalfPairs(ReadOnlySpan<byte> content) =>
        !Utf8.IsValid(content) || content.IndexOf(@"\ud"u8) >= 0 || content.IndexOf(@"\uD"u8) >= 0;

    // System.Text.Json looks into strings only when they are read, and then throws what nobody expects of a parsed file.
    private static void CheckStrings(JsonElement json)
    {
        switch (json.ValueKind)
        {
            case JsonValueKind.String:
                _ = json.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in json.EnumerateArray())
                {
                    CheckStrings(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var property in json.EnumerateObject())
                {
                    _ = property.Name;
                    CheckStrings(property.Value);
                }

                break;
            default:
                break;
        }
    }

    private JsonElement? Value(string name, bool required, string expected)
    {
        var value = Find(name);
        if (value is null && required)
        {
            faults.Add($"'{path}{name}' is missing; expected {expected}");
        }

        return value;
    }

    private JsonElement? Find(string name)
    {
        _seen.Add(name);
        return json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;
    }

    private void Fault(string name, JsonElement value, string expected) =>
        faults.Add($"'{path}{name}' is {Describe(value)}; expected {expected}");

    /// <summary>A value as messages show it: at most 40 characters.</summary>
    internal static string Describe(JsonElement value)
    {
        var text = value.ValueKind == JsonValueKind.String ? $"'{value.GetString()}'" : value.GetRawText().Replace('"', '\'');
        return text.Length <= 40 ? text : $"{text[..40]}...";
    }
}
