using System.Text.Json.Nodes;

namespace PauseOnnx.Model;

/// <summary>
/// A SentencePiece model of type BPE, as Llama and Mistral come with in tokenizer.model, told as a tokenizer.json that means
/// the same: hosts read that one.
/// </summary>
/// <remarks>See <see href="https://github.com/google/sentencepiece/blob/master/src/sentencepiece_model.proto">the format</see>.</remarks>
internal sealed class SentencePieceModel
{
    private const string SpaceMark = "\u2581";

    private static readonly string[] Types = ["", "UNIGRAM", "BPE", "WORD", "CHAR"];

    private readonly List<Piece> _pieces;
    private readonly bool _byteFallback;
    private readonly bool _addsPrefix;

    private SentencePieceModel(ProtobufFields root, string file)
    {
        var (trainer, normalizer) = (root.Message(2), root.Message(3));
        _pieces = [.. root.Messages(1).Select((p, id) => new Piece(id, p.Text(1), p.Float(2), (PieceKind)p.Integer(3, (int)PieceKind.Normal)))];
        (_byteFallback, _addsPrefix) = (trainer.Flag(35, false), normalizer.Flag(3, true));
        ModelFormatException.ThrowIfAny(FindFaults(trainer, normalizer), file);

        string? NameOf(int id) => id >= 0 && id < _pieces.Count ? _pieces[id].Text : null;
        (Bos, Eos, Pad) = (NameOf(trainer.Integer(41, 1)), NameOf(trainer.Integer(42, 2)), NameOf(trainer.Integer(43, -1)));
    }

    private enum PieceKind
    {
        Normal = 1,
        Unknown = 2,
        Control = 3,
        UserDefined = 4,
        Unused = 5,
        Byte = 6,
    }

    /// <summary>The token that begins a text; null when there is none.</summary>
    public string? Bos { get; }

    /// <summary>The token that ends a text; null when there is none.</summary>
    public string? Eos { get; }

    /// <summary>The token that pads; null when there is none.</summary>
    public string? Pad { get; }

    /// <summary>Reads a file.</summary>
    /// <exception cref="ModelFormatException">It is no SentencePiece model, or one of another type; every fault is listed.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static SentencePieceModel Read(string file)
    {
        try
        {
            return new SentencePieceModel(new ProtobufFields(File.ReadAllBytes(file)), file);
        }
        catch (InvalidDataException e)
        {
            throw new ModelFormatException($"Not a SentencePiece model, as {e.Message}; expected a tokenizer.model ({file}).", e);
        }
    }

    /// <summary>The tokenizer.json that means the same.</summary>
    /// <param name="before">The token that goes before a text, or null.</param>
    /// <param name="after">The token that goes after it, or null.</param>
    public JsonObject ToTokenizerJson(string? before, string? after)
    {
        var model = TokenizerFiles.Model(_pieces.Select(p => p.Text), FindMerges());
        (model["unk_token"], model["fuse_unk"], model["byte_fallback"]) = (_pieces.Find(p => p.Kind == PieceKind.Unknown)?.Text, true, _byteFallback);
        var added = _pieces.Where(p => p.Kind is PieceKind.Unknown or PieceKind.Control or PieceKind.UserDefined)
            .Select(p => TokenizerFiles.AddedToken(p.Text, p.Id, isSpecial: p.Kind != PieceKind.UserDefined));
        return new JsonObject
        {
            ["version"] = "1.0",
            ["added_tokens"] = new JsonArray([.. added]),
            ["normalizer"] = Sequence("normalizers", _addsPrefix ? new JsonObject { ["type"] = "Prepend", ["prepend"] = SpaceMark } : null, Replace(" ", SpaceMark)),
            ["pre_tokenizer"] = null,
            ["post_processor"] = Template(before, after),
            ["decoder"] = Sequence("decoders", Replace(SpaceMark, " "), Stage("ByteFallback"), Stage("Fuse"), _addsPrefix ? Strip() : null),
            ["model"] = model,
        };
    }

    private static JsonObject Stage(string type) => new() { ["type"] = type };

    private static JsonObject Strip() => new() { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 };

    private static JsonObject Replace(string old, string by) =>
        new() { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = old }, ["content"] = by };

    private static JsonObject Sequence(string name, params JsonObject?[] stages) =>
        new() { ["type"] = "Sequence", [name] = new JsonArray([.. stages.Where(s => s is not null)]) };

    private IEnumerable<string> FindFaults(ProtobufFields trainer, ProtobufFields normalizer)
    {
        var type = trainer.Integer(3, 1);
        if (_pieces.Count == 0 || type != 2)
        {
            var name = type >= 1 && type < Types.Length ? Types[type] : $"{type}";
            yield return _pieces.Count == 0 ? "There are no pieces; expected a SentencePiece model" : $"The model is of type {name}; expected BPE";
            yield break;
        }

        if (normalizer.Bytes(2).Length > 0 || !normalizer.Flag(5, true))
        {
            yield return $"The text is normalized by '{normalizer.Text(1)}'; expected 'identity'";
        }

        if (normalizer.Flag(4, true))
        {
            yield return "remove_extra_whitespaces is true; expected false";
        }

        if (trainer.Flag(24, false))
        {
            yield return "treat_whitespace_as_suffix is true; expected false";
        }

        if (_pieces.Find(p => p.Text.Length == 0 || !Enum.IsDefined(p.Kind) || p.Kind == PieceKind.Unused) is { } odd)
        {
            yield return $"Piece {odd.Id}, '{odd.Text}', is empty or of kind {odd.Kind}; expected a normal, unknown, control, user-defined or byte piece";
        }

        if (_pieces.GroupBy(p => p.Text).FirstOrDefault(g => g.Count() > 1) is { } repeated)
        {
            yield return $"Piece '{repeated.Key}' is there twice; expected once";
        }
    }

    // The library merges the neighbours that together make the piece with the highest score; so each way to make a piece is a
    // merge, and their order is that of the scores.
    private IEnumerable<(string Left, string Right)> FindMerges()
    {
        var normal = _pieces.Where(p => p.Kind == PieceKind.Normal).Select(p => p.Text).ToHashSet();
        return _pieces.Where(p => p.Kind == PieceKind.Normal).OrderByDescending(p => p.Score).SelectMany(p => Enumerable.Range(1, p.Text.Length - 1)
            .Select(i => (Left: p.Text[..^i], Right: p.Text[^i..]))
            .Where(m => normal.Contains(m.Left) && normal.Contains(m.Right)));
    }

    private JsonObject? Template(string? before, string? after)
    {
        string[] tokens = [.. new[] { before, after }.OfType<string>().Distinct()];
        JsonObject Special(string token) => new() { ["SpecialToken"] = new JsonObject { ["id"] = token, ["type_id"] = 0 } };
        JsonObject Text(string id, int type) => new() { ["Sequence"] = new JsonObject { ["id"] = id, ["type_id"] = type } };
        JsonArray Around(params JsonObject[] texts) =>
            [.. before is null ? [] : new[] { Special(before) }, .. texts, .. after is null ? [] : new[] { Special(after) }];
        JsonNode Ids(string token) => new JsonObject { ["id"] = token, ["ids"] = new JsonArray(_pieces.Find(p => p.Text == token)!.Id), ["tokens"] = new JsonArray(token) };
        return tokens.Length == 0 ? null : new JsonObject
        {
            ["type"] = "TemplateProcessing",
            ["single"] = Around(Text("A", 0)),
            ["pair"] = Around(Text("A", 0), Text("B", 1)),
            ["special_tokens"] = new JsonObject(tokens.Select(t => KeyValuePair.Create(t, (JsonNode?)Ids(t)))),
        };
    }

    private sealed record Piece(int Id, string Text, float Score, PieceKind Kind);
}
