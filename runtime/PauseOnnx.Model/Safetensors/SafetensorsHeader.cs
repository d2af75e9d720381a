using System.Text.Json;

namespace PauseOnnx.Model.Safetensors;

/// <summary>
/// The JSON header of a safetensors file, checked in full: a file that passes here can be read without further checks.
/// </summary>
/// <param name="Entries">Tensors in the order of their data.</param>
/// <param name="Metadata">The free-form strings under <c>__metadata__</c>.</param>
/// <remarks>See <see href="https://github.com/huggingface/safetensors#format">the format</see>.</remarks>
public sealed record SafetensorsHeader(IReadOnlyList<SafetensorsEntry> Entries, IReadOnlyDictionary<string, string> Metadata)
{
    /// <summary>Largest header the format allows, in bytes.</summary>
    public const int MaxLength = 100_000_000;

    /// <summary>Bytes before the header: its length as little-endian uint64.</summary>
    public const int PrefixLength = 8;

    /// <summary>Parses a header.</summary>
    /// <param name="json">The header's bytes, without the length before them.</param>
    /// <param name="fileLength">Size of the whole file in bytes.</param>
    /// <param name="file">For messages.</param>
    /// <exception cref="ModelFormatException">The header is not JSON or does not describe the file's bytes exactly.</exception>
    public static SafetensorsHeader Parse(ReadOnlyMemory<byte> json, long fileLength, string file)
    {
        var faults = new List<string>();
        var metadata = new Dictionary<string, string>();
        var entries = new Dictionary<string, SafetensorsEntry>();
        long dataStart = PrefixLength + json.Length;
        try
        {
            using var document = JsonDocument.Parse(json);
            if (document.RootElement.ValueKind != JsonValueKind.Object)
            {
                throw new ModelFormatException($"Header is a JSON {document.RootElement.ValueKind}; expected an object ({file}).");
            }

            foreach (var property in document.RootElement.EnumerateObject())
            {
                if (property.Name == "__metadata__")
                {
                    ReadMetadata(property.Value, metadata, faults);
                }
                else if (ReadEntry(property, dataStart, faults) is { } entry && !entries.TryAdd(entry.Name, entry))
                {
                    faults.Add($"Tensor '{entry.Name}' is described twice; expected once");
                }
            }
        }
        catch (Exception e) when (e is JsonException or InvalidOperationException)
        {
            throw new ModelFormatException($"Header of {json.Length} bytes is not valid JSON; expected a safetensors header ({file}).", e);
        }

        SafetensorsEntry[] ordered = [.. entries.Values.OrderBy(e => e.Offset).ThenBy(e => e.Length)];
        if (faults.Count == 0)
        {
            CheckCoverage(ordered, dataStart, fileLength, faults);
        }

        ModelFormatException.ThrowIfAny(faults, file);
        return new SafetensorsHeader(ordered, metadata);
    }

    private static void ReadMetadata(JsonElement json, Dictionary<string, string> metadata, List<string> faults)
    {
        if (json.ValueKind != JsonValueKind.Object || json.EnumerateObject().Any(p => p.Value.ValueKind != JsonValueKind.String))
        {
            faults.Add("'__metadata__' is not an object of strings");
            return;
        }

        foreach (var property in json.EnumerateObject())
        {
            metadata[property.Name] = property.Value.GetString()!;
        }
    }

    private static SafetensorsEntry? ReadEntry(JsonProperty property, long dataStart, List<string> faults)
    {
        var (name, json) = (property.Name, property.Value);
        if (json.ValueKind != JsonValueKind.Object
            || !json.TryGetProperty("dtype", out var dtype) || dtype.ValueKind != JsonValueKind.String
            || !json.TryGetProperty("shape", out var shapeJson) || ReadLongs(shapeJson) is not { } shape
            || !json.TryGetProperty("data_offsets", out var offsetsJson) || ReadLongs(offsetsJson) is not { Length: 2 } offsets)
        {
            faults.Add($"Tensor '{name}' is not described by dtype, shape and two data_offsets of non-negative integers");
            return null;
        }

        if (!Enum.TryParse<SafetensorsType>(dtype.GetString(), out var type) || !Enum.IsDefined(type) || type.ToString() != dtype.GetString())
        {
            faults.Add($"Tensor '{name}' has dtype '{dtype.GetString()}'; expected one of {string.Join(", ", Enum.GetNames<SafetensorsType>())}");
            return null;
        }

        var length = ByteLength(shape, type);
        if (length is null || offsets[1] < offsets[0] || offsets[1] - offsets[0] != length)
        {
            faults.Add($"Tensor '{name}' has data_offsets [{offsets[0]}, {offsets[1]}]; expected {length?.ToString() ?? "fewer than 2^63"} bytes for {type} [{string.Join(", ", shape)}]");
            return null;
        }

        if (offsets[1] > long.MaxValue - dataStart)
        {
            faults.Add($"Tensor '{name}' ends at byte {offsets[1]}, past any file");
            return null;
        }

        return new SafetensorsEntry(name, type, shape, dataStart + offsets[0], length.Value);
    }

    private static long[]? ReadLongs(JsonElement json)
    {
        if (json.ValueKind != JsonValueKind.Array)
        {
            return null;
        }

        var numbers = new List<long>();
        foreach (var item in json.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out var number) || number < 0)
            {
                return null;
            }

            numbers.Add(number);
        }

        return [.. numbers];
    }

    private static long? ByteLength(long[] shape, SafetensorsType type)
    {
        try
        {
            return shape.Aggregate((long)SafetensorsEntry.SizeOf(type), (product, dimension) => checked(product * dimension));
        }
        catch (OverflowException)
        {
            return null;
        }
    }

    private static void CheckCoverage(SafetensorsEntry[] ordered, long dataStart, long fileLength, List<string> faults)
    {
        var end = dataStart;
        foreach (var entry in ordered)
        {
            if (entry.Offset != end)
            {
                faults.Add(entry.Offset < end
                    ? $"Tensor '{entry.Name}' overlaps the tensor before it by {end - entry.Offset} bytes"
                    : $"There are {entry.Offset - end} bytes of no tensor before '{entry.Name}'");
            }

            end = Math.Max(end, entry.Offset + entry.Length);
        }

        if (end != fileLength)
        {
            faults.Add(end > fileLength
                ? $"The file has {fileLength} bytes; expected {end}: it is truncated"
                : $"The file has {fileLength} bytes; expected {end}: {fileLength - end} bytes belong to no tensor");
        }
    }
}
