using System.Text;
using System.Text.Json.Nodes;
using PauseOnnx.Model;
using PauseOnnx.Tests.Model;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>tokenizer.json files as the families of open checkpoints have them, over one small vocabulary.</summary>
internal static class TokenizerVariants
{
    private const string Llama3Pattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private const string QwenPattern = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private static readonly string LlamaDecoder = """
        {"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}
        """;

    private static readonly string LlamaNormalizer = """
        {"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}
        """;

    /// <summary>Every file by name.</summary>
    public static IReadOnlyDictionary<string, Func<JsonObject>> All { get; } = new Dictionary<string, Func<JsonObject>>
    {
        ["gpt2"] = () => OverBytes(ByteLevel(useRegex: true)),
        ["roberta-like prefix space"] = () => OverBytes(ByteLevel(useRegex: true, prefixSpace: true), "null", Specials("<|endoftext|>")),
        ["llama3"] = () => With(OverBytes(Split(Llama3Pattern), "null", Specials("<|begin_of_text|>", "<|im_start|>")), j =>
        {
            j["model"]!["ignore_merges"] = true;
            j["post_processor"] = Parse($$"""{"type":"Sequence","processors":[{{ByteLevel(true)}},{{Template(j, "<|begin_of_text|>", null)}}]}""");
        }),
        ["qwen"] = () => OverBytes(Split(QwenPattern), """{"type":"NFC"}""", [.. Specials("<|endoftext|>", "<|im_start|>"), Added("<tool_call>", special: false)]),
        ["gpt-neox"] = () => OverBytes(ByteLevel(useRegex: true), """{"type":"NFC"}""",
            [.. Specials("<|endoftext|>"), .. Enumerable.Range(2, 23).Select(n => Added(new string(' ', n), special: false, normalized: true))]),
        ["smollm"] = () => OverBytes($$"""{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},{{ByteLevel(true)}}]}"""),
        ["deepseek"] = () => OverBytes("""
            {"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":"\\p{N}{1,3}"},"behavior":"Isolated","invert":false},
            {"type":"Split","pattern":{"Regex":"[一-龥぀-ゟ゠-ヿ]+"},"behavior":"Isolated","invert":false},
            """ + ByteLevel(useRegex: false) + "]}"),
        ["llama2"] = () => With(OverCharacters("null", LlamaNormalizer, LlamaDecoder), j => j["post_processor"] = Parse(Template(j, "<s>", "</s>"))),
        ["mistral"] = () => OverCharacters("""{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}""", "null", LlamaDecoder),
        ["metaspace"] = () => With(OverCharacters("""{"type":"Metaspace","replacement":"▁","add_prefix_space":true}""", "null", """{"type":"Metaspace","replacement":"▁","prepend_scheme":"always"}"""),
            j => (j["model"]!["byte_fallback"], j["model"]!["fuse_unk"]) = (false, false)),
        ["gemma"] = () => OverCharacters("""{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}""",
            """{"type":"Replace","pattern":{"String":" "},"content":"▁"}""", """{"type":"Sequence","decoders":[{"type":"Replace","pattern":{"String":"▁"},"content":" "},{"type":"ByteFallback"},{"type":"Fuse"}]}"""),
        ["fused unknowns"] = () => With(OverCharacters("""{"type":"Split","pattern":{"Regex":"[^ ]+"},"behavior":"Contiguous","invert":true}""", "null", """{"type":"Fuse"}"""),
            j => j["model"]!["byte_fallback"] = false),
        ["sentencepiece"] = () => SentencePieceModel.Read(SentencePieceModelTests.GoldenFile).ToTokenizerJson("<s>", after: null),
        ["flags, bytes"] = () => OverBytes(ByteLevel(useRegex: true), """{"type":"NFC"}""", Flagged()),
        ["flags, characters"] = () => OverCharacters("null", LlamaNormalizer, LlamaDecoder, Flagged()),
    };

    /// <summary>What the added tokens of all files are written like.</summary>
    public static string[] Tokens { get; } = [.. Flagged().Select(t => t["content"]!.GetValue<string>()), "<|begin_of_text|>", "<|im_start|>", "<tool_call>", "<|endoftext|>", "<s>"];

    private static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    private static JsonObject With(JsonObject json, Action<JsonObject> change)
    {
        change(json);
        return json;
    }

    private static string ByteLevel(bool useRegex, bool prefixSpace = false) =>
        $$"""{"type":"ByteLevel","add_prefix_space":{{(prefixSpace ? "true" : "false")}},"trim_offsets":true,"use_regex":{{(useRegex ? "true" : "false")}}}""";

    private static string Split(string pattern) =>
        $$"""{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":{{JsonValue.Create(pattern).ToJsonString()}}},"behavior":"Isolated","invert":false},{{ByteLevel(false)}}]}""";

    private static string Template(JsonObject json, string before, string? after)
    {
        int IdOf(string token) => json["added_tokens"]!.AsArray().Single(t => t!["content"]!.GetValue<string>() == token)!["id"]!.GetValue<int>();
        string Special(string token) => $$"""{"SpecialToken":{"id":"{{token}}","type_id":0} }""";
        string Ids(string token) => $$"""{{JsonValue.Create(token).ToJsonString()}}:{"id":"{{token}}","ids":[{{IdOf(token)}}],"tokens":["{{token}}"]}""";
        const string Text = """{"Sequence":{"id":"A","type_id":0}}""";
        var (last, ids) = after is null ? ("", "") : ("," + Special(after), "," + Ids(after));
        return $$"""
            {"type":"TemplateProcessing","single":[{{Special(before)}},{{Text}}{{last}}],
            "pair":[{{Text}},{"Sequence":{"id":"B","type_id":1} }],"special_tokens":{ {{Ids(before)}}{{ids}} } }
            """;
    }

    private static JsonObject Added(string content, bool special, bool normalized = false) => new()
    {
        ["id"] = -1,
        ["content"] = content,
        ["single_word"] = false,
        ["lstrip"] = false,
        ["rstrip"] = false,
        ["normalized"] = normalized,
        ["special"] = special,
    };

    private static JsonObject[] Specials(params string[] contents) => [.. contents.Select(c => Added(c, special: true))];

    // Every combination of flags, on tokens that are signs, a word, prefixes of each other, and not in form C.
    private static JsonObject[] Flagged() =>
    [
        .. Enumerable.Range(0, 32).Select(flags =>
        {
            string[] names = [$"<{flags:00}>", $"tok{flags:00}", $"<{flags:00}>>", $"e\u0301{flags:00}"];
            var token = Added(names[flags % 4], special: (flags & 1) > 0, normalized: (flags & 2) > 0);
            (token["lstrip"], token["rstrip"], token["single_word"]) = ((flags & 4) > 0, (flags & 8) > 0, (flags & 16) > 0);
            return token;
        }),
        Added("the", special: false, normalized: true),
        Added("café", special: false, normalized: true),
        Added("  ", special: false),
    ];

    private static JsonObject OverBytes(string preTokenizer, string normalizer = "null", params JsonObject[] added)
    {
        var (vocabulary, merges) = TokenizerTests.GoldenModel();

        // The long s and a t, which only a split between them keeps apart.
        return Create([.. vocabulary, "Å¿", "Å¿t"], [.. merges, ("Å", "¿"), ("Å¿", "t")], preTokenizer, normalizer, ByteLevel(true), added.Length > 0 ? added : Specials("<|endoftext|>", "<pause>"));
    }

    // The tokens of the golden vocabulary that are whole characters, with the space mark for a space.
    private static JsonObject OverCharacters(string preTokenizer, string normalizer, string decoder, params JsonObject[] added)
    {
        var (tokens, pairs) = TokenizerTests.GoldenModel();
        static string Characters(string token) => Encoding.UTF8.GetString(ByteLevelAlphabet.Decode(token)).Replace(' ', '▁');
        string[] special = ["<unk>", "<s>", "</s>"];
        string[] bytes = [.. Enumerable.Range(0, 256).Select(b => $"<0x{b:X2}>")];
        string[] texts = [.. tokens.Select(Characters).Where(t => !t.Contains('\uFFFD')).Append("▁▁").Append("▁▁▁▁").Append("é").Distinct()];
        var known = texts.ToHashSet();
        (string, string)[] merges =
        [
            .. pairs.Select(p => (Left: Characters(p.Left), Right: Characters(p.Right))).Where(p => known.Contains(p.Left) && known.Contains(p.Right) && known.Contains(p.Left + p.Right)).Distinct(),
            ("▁", "▁"),
            ("▁▁", "▁▁"),
        ];
        var json = Create([.. special, .. bytes, .. texts], [.. merges.Distinct()], preTokenizer, normalizer, decoder, [.. Specials(special), .. added]);
        (json["model"]!["byte_fallback"], json["model"]!["fuse_unk"], json["model"]!["unk_token"]) = (true, true, "<unk>");
        return json;
    }

    private static JsonObject Create(
        string[] vocabulary, (string Left, string Right)[] merges, string preTokenizer, string normalizer, string decoder, JsonObject[] added)
    {
        var next = vocabulary.Length;
        foreach (var token in added)
        {
            var known = Array.IndexOf(vocabulary, token["content"]!.GetValue<string>());
            token["id"] = known >= 0 ? known : next++;
        }

        return new JsonObject
        {
            ["version"] = "1.0",
            ["truncation"] = null,
            ["padding"] = null,
            ["added_tokens"] = new JsonArray([.. added]),
            ["normalizer"] = JsonNode.Parse(normalizer),
            ["pre_tokenizer"] = JsonNode.Parse(preTokenizer),
            ["post_processor"] = null,
            ["decoder"] = JsonNode.Parse(decoder),
            ["model"] = TokenizerFiles.Model(vocabulary, merges),
        };
    }
}
