using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>One file of ids.</summary>
/// <param name="Count">Number of ids, at least 1.</param>
/// <param name="Documents">Number of documents that end in the file.</param>
/// <param name="Sha256">SHA-256 of the file in lower-case hexadecimal.</param>
public sealed record ShardInfo(long Count, long Documents, string Sha256);

/// <summary>tokens.json: what the shards of a data folder hold.</summary>
public sealed record TokenDatasetInfo
{
    private const int Version = 2;

    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>Number of ids of the tokenizer.</summary>
    public required int VocabSize { get; init; }

    /// <summary>The shards to train on, in order; at least one.</summary>
    public required IReadOnlyList<ShardInfo> Shards { get; init; }

    /// <summary>The shards of the documents that are never trained on, in order; empty when there are none.</summary>
    public IReadOnlyList<ShardInfo> HeldOut { get; init; } = [];

    /// <summary>The part of the documents that was to be held out, 0 to 1.</summary>
    public double HeldOutFraction { get; init; }

    /// <summary>The paths that were prepared, as the user gave them.</summary>
    public IReadOnlyList<string> Sources { get; init; } = [];

    /// <summary>Size of the text in bytes of UTF-8, held-out documents included.</summary>
    public long TextBytes { get; init; }

    /// <summary>Bytes of one token: 2 where every id fits, else 4.</summary>
    public int TokenSize => TokenSizeFor(VocabSize);

    /// <summary>The element type as tokens.json names it: <c>uint16</c> or <c>uint32</c>.</summary>
    private string Type => $"uint{8 * TokenSize}";

    /// <summary>Bytes of one token of a vocabulary: 2 where every id fits, else 4.</summary>
    public static int TokenSizeFor(int vocabSize) => vocabSize <= ushort.MaxValue + 1 ? sizeof(ushort) : sizeof(uint);

    /// <summary>SHA-256 of the checksums of shards, one a line: the identity of what they hold.</summary>
    public static string Identify(IEnumerable<ShardInfo> shards) =>
        Convert.ToHexStringLower(SHA256.HashData(Encoding.ASCII.GetBytes(string.Concat(shards.Select(s => s.Sha256 + "\n")))));

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
            VocabSize = fields.WholeNumber("vocab_size", min: 1),
            Shards = ReadShards(fields, "shards", faults),
            HeldOut = ReadShards(fields, "held_out", faults),
        };
        fields.Text("type", null, [info.Type]);
        if (info.Shards.Count == 0 && faults.Count == 0)
        {
            fields.Fault("'shards' is empty; expected at least one");
        }

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
            ["vocab_size"] = VocabSize,
            ["count"] = Shards.Sum(s => s.Count),
            ["documents"] = Shards.Sum(s => s.Documents),
            ["held_out_count"] = HeldOut.Sum(s => s.Count),
            ["held_out_documents"] = HeldOut.Sum(s => s.Documents),
            ["held_out_fraction"] = HeldOutFraction,
            ["text_bytes"] = TextBytes,
            ["sources"] = new JsonArray([.. Sources.Select(s => (JsonNode)s)]),
            ["shards"] = WriteShards(Shards),
            ["held_out"] = WriteShards(HeldOut),
        };
        File.WriteAllText(file, json.ToJsonString(Indented) + "\n");
    }

    private static JsonArray WriteShards(IEnumerable<ShardInfo> shards) =>
        [.. shards.Select(s => new JsonObject { ["count"] = s.Count, ["documents"] = s.Documents, ["sha256"] = s.Sha256 })];

    private static List<ShardInfo> ReadShards(JsonFields fields, string name, List<string> faults)
    {
        if (fields.Raw(name) is not { ValueKind: JsonValueKind.Array } shards)
        {
            fields.Fault($"'{name}' is no list; expected the shards");
            return [];
        }

        return [.. shards.EnumerateArray().Select((shard, i) => ReadShard(shard, $"{name}[{i}]", faults))];
    }

    private static ShardInfo ReadShard(JsonElement json, string name, List<string> faults)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            faults.Add($"'{name}' is no object; expected 'count', 'documents' and 'sha256'");
            return new ShardInfo(1, 0, "");
        }

        // A shard's tokens are mapped as one view, and a document has at least one token.
        var fields = new JsonFields(json, $"{name}.", faults);
        return new ShardInfo(fields.WholeNumber("count", min: 1), fields.WholeNumber("documents"), fields.Text("sha256"));
    }
}
