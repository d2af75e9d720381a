using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>tokens.json: what tokens.bin holds.</summary>
internal sealed record TokenDatasetInfo
{
    private const int Version = 1;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Number of tokens, at least 1.</summary>
    public required long Count { get; init; }

    /// <summary>Number of documents, each ended by the end-of-text token.</summary>
    public required int Documents { get; init; }

    /// <summary>Number of ids of the tokenizer.</summary>
    public required int VocabSize { get; init; }

    /// <summary>SHA-256 of tokens.bin in lower-case hexadecimal.</summary>
    public required string Sha256 { get; init; }

    /// <summary>The paths that were prepared, as the user gave them.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Size of the text in bytes of UTF-8.</summary>
    public long TextBytes { get; init; }

    /// <summary>Bytes of one token: 2 where every id fits, else 4.</summary>
    public int TokenSize => VocabSize <= ushort.MaxValue + 1 ? sizeof(ushort) : sizeof(uint);

    /// <summary>The element type as tokens.json names it: <c>uint16</c> or <c>uint32</c>.</summary>
    private string Type => $"uint{8 * TokenSize}";

    /// <summary>Reads a tokens.json.</summary>
    /// <exception cref="ModelFormatException">Values are missing or contradictory; all of them are listed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TokenDatasetInfo Read(string file)
    {
        var faults = new List<string>();
        var fields = new JsonFields(JsonFields.ParseObject(file), "", faults);
        fields.WholeNumber("version", min: Version, max: Version);
        var info = new TokenDatasetInfo
        {
            Count = ReadCount(fields),
            Documents = fields.WholeNumber("documents", min: 1),
            VocabSize = fields.WholeNumber("vocab_size", min: 1),
            Sha256 = fields.Text("sha256"),
        };
        fields.Text("type", null, [info.Type]);
        ModelFormatException.ThrowIfAny(faults, file);
        return info;
    }

    /// <summary>Writes a tokens.json.</summary>
    public void Write(string file)
    {
        var json = new JsonObject
        {
            ["version"] = Version,
            ["type"] = Type,
            ["count"] = Count,
            ["documents"] = Documents,
            ["vocab_size"] = VocabSize,
            ["sha256"] = Sha256,
            ["text_bytes"] = TextBytes,
            ["sources"] = new JsonArray([.. Sources.Select(s => (JsonNode)s)]),
        };
        File.WriteAllText(file, json.ToJsonString(Indented) + "\n");
    }

    // JsonFields reads 32-bit integers; a corpus can have more tokens.
    private static long ReadCount(JsonFields fields)
    {
        if (fields.Raw("count") is { ValueKind: JsonValueKind.Number } json && json.TryGetInt64(out var count) && count is >= 1 and < 1L << 60)
        {
            return count;
        }

        fields.Fault("'count' is not a number of tokens; expected an integer from 1");
        return 1;
    }
}
