using System.Text.Json;
using System.Text.RegularExpressions;

namespace PauseOnnx.Model;

/// <summary>
/// The stages of tokenizer.json around the model: normalizer, pre_tokenizer, post_processor and decoder. Those that come
/// with BPE are read; any other would change ids or text and is refused by name.
/// </summary>
/// <param name="Normalizer">What is done to the characters of a part without added tokens, in order.</param>
/// <param name="Spaces">What is done to spaces then.</param>
/// <param name="PreTokenizer">Cuts text into pieces.</param>
/// <param name="IsByteLevel">Whether pieces are merged as bytes, not as characters.</param>
/// <param name="Before">Ids that go before a text.</param>
/// <param name="After">Ids that go after it.</param>
/// <param name="Decoding">From tokens back to text.</param>
internal sealed record TokenizerPipeline(
    IReadOnlyList<Func<string, string>> Normalizer, SpaceRule Spaces, PreTokenizer PreTokenizer, bool IsByteLevel,
    IReadOnlyList<int> Before, IReadOnlyList<int> After, DecodingRules Decoding)
{
    /// <summary>Reads every stage; faults are added, and then the result is not to be used.</summary>
    /// <param name="root">The fields of a tokenizer.json.</param>
    /// <param name="faults">Those of <paramref name="root"/>.</param>
    public static TokenizerPipeline Read(JsonFields root, List<string> faults)
    {
        var reader = new Reader(faults);
        var normalizer = reader.Normalizer(root.Raw("normalizer"));
        var (spaces, rules, isByteLevel) = reader.PreTokenizer(root.Raw("pre_tokenizer"));
        var (before, after) = reader.PostProcessor(root.Raw("post_processor"));
        var decoding = reader.Decoder(root.Raw("decoder"));
        return new TokenizerPipeline(normalizer, spaces, new PreTokenizer(rules), isByteLevel, before, after, decoding);
    }

    private sealed class Reader(List<string> faults)
    {
        private const string SpaceMark = "\u2581";

        public List<Func<string, string>> Normalizer(JsonElement? json)
        {
            var steps = new List<Func<string, string>>();
            foreach (var stage in Flatten(json, "normalizers"))
            {
                var fields = new JsonFields(stage, "normalizer.", faults);
                switch (Kind(stage))
                {
                    case "NFC":
                        steps.Add(NormalizationFormC.Normalize);
                        break;
                    case "Prepend":
                        var prefix = fields.Text("prepend");
                        steps.Add(text => text.Length > 0 ? prefix + text : text);
                        break;
                    case "Replace":
                        var (pattern, content) = (ReadString(fields, "normalizer"), fields.Text("content"));
                        steps.Add(text => text.Replace(pattern, content, StringComparison.Ordinal));
                        break;
                    default:
                        faults.Add($"'normalizer' holds {Describe(stage)}; expected NFC, Prepend or Replace, one or several in a Sequence");
                        break;
                }
            }

            return steps;
        }

        public (SpaceRule Spaces, List<SplitRule> Rules, bool IsByteLevel) PreTokenizer(JsonElement? json)
        {
            var (spaces, rules, isByteLevel) = (new SpaceRule(), new List<SplitRule>(), false);
            var stages = Flatten(json, "pretokenizers");
            foreach (var (index, stage) in stages.Index())
            {
                var fields = new JsonFields(stage, "pre_tokenizer.", faults);
                switch (Kind(stage))
                {
                    case "ByteLevel" when index == stages.Length - 1:
                        isByteLevel = true;
                        spaces = ReadByteLevel(fields, index, spaces, rules);
                        break;
                    case "Metaspace" when index == 0:
                        spaces = ReadMetaspace(fields, rules);
                        break;
                    case "Split":
                        AddSplit(fields, rules);
                        break;
                    case "Digits":
                        rules.Add(new SplitRule(fields.Flag("individual_digits", false) ? @"\p{N}" : @"\p{N}+"));
                        break;
                    default:
                        faults.Add($"'pre_tokenizer' holds {Describe(stage)} as stage {index + 1} of {stages.Length}; expected Metaspace as the first or ByteLevel as the last, and Split or Digits");
                        break;
                }
            }

            return (spaces, rules, isByteLevel);
        }

        public (IReadOnlyList<int> Before, IReadOnlyList<int> After) PostProcessor(JsonElement? json)
        {
            (List<int> Before, List<int> After)? template = null;
            foreach (var stage in Flatten(json, "processors"))
            {
                if (Kind(stage) == "TemplateProcessing" && template is null)
                {
                    template = ReadTemplate(new JsonFields(stage, "post_processor.", faults));
                }
                else if (Kind(stage) != "ByteLevel")
                {
                    faults.Add($"'post_processor' holds {Describe(stage)}; expected ByteLevel, or TemplateProcessing once");
                }
            }

            return template ?? ([], []);
        }

        public DecodingRules Decoder(JsonElement? json)
        {
            var stages = Flatten(json, "decoders");
            string[] kinds = [.. stages.Select(Kind)];
            if (kinds is ["ByteLevel"])
            {
                return new DecodingRules { IsByteLevel = true };
            }

            if (kinds is ["Metaspace"])
            {
                var fields = new JsonFields(stages[0], "decoder.", faults);
                return new DecodingRules { SpaceMark = ReadCharacter(fields, "replacement", SpaceMark), FirstLosesSpaces = ReadScheme(fields) != "never" };
            }

            // Each may be missing, but another order would give another text.
            string[] order = ["Replace", "ByteFallback", "Fuse", "Strip"];
            var places = Array.ConvertAll(kinds, k => Array.IndexOf(order, k));
            var isKnown = places.Length > 0 && places.All(p => p >= 0) && places.SequenceEqual(places.Order())
                && places.Where(p => p > 0).Distinct().Count() == places.Count(p => p > 0)
                && (!places.Contains(3) || places.Contains(2));
            if (!isKnown)
            {
                var found = stages.Length == 0 ? "missing" : string.Join(", ", stages.Select(Describe));
                faults.Add($"'decoder' is {found}; expected ByteLevel, Metaspace, or Replace, ByteFallback, Fuse and Strip in this order");
                return new DecodingRules();
            }

            var replacements = new List<(string, string)>();
            var rules = new DecodingRules { Replacements = replacements, ByteFallback = kinds.Contains("ByteFallback") };
            foreach (var fields in stages.Select(s => new JsonFields(s, "decoder.", faults)).Where((_, i) => kinds[i] == "Replace"))
            {
                replacements.Add((ReadString(fields, "decoder"), fields.Text("content")));
            }

            return kinds[^1] == "Strip" ? WithStrip(rules, new JsonFields(stages[^1], "decoder.", faults)) : rules;
        }

        private static DecodingRules WithStrip(DecodingRules rules, JsonFields fields)
        {
            fields.WholeNumber("stop", 0, max: 0);
            return rules with { Stripped = ReadCharacter(fields, "content", null), StripCount = fields.WholeNumber("start", 0) };
        }

        private SpaceRule ReadByteLevel(JsonFields fields, int index, SpaceRule spaces, List<SplitRule> rules)
        {
            if (fields.Flag("use_regex", true))
            {
                rules.Add(new SplitRule(Model.PreTokenizer.Gpt2Pattern));
            }

            if (!fields.Flag("add_prefix_space", false))
            {
                return spaces;
            }

            if (index > 0)
            {
                faults.Add("'pre_tokenizer.add_prefix_space' is true after another stage; expected false");
            }

            return new SpaceRule { BeginsWithSpace = true };
        }

        private static SpaceRule ReadMetaspace(JsonFields fields, List<SplitRule> rules)
        {
            var mark = ReadCharacter(fields, "replacement", SpaceMark);
            if (fields.Flag("split", true))
            {
                rules.Add(new SplitRule(Regex.Escape(mark.ToString()), SplitBehavior.MergedWithNext));
            }

            var scheme = ReadScheme(fields);
            return new SpaceRule { Space = mark, BeginsWithSpace = scheme != "never", OnlyFirst = scheme == "first" };
        }

        // Older files have a flag instead.
        private static string ReadScheme(JsonFields fields) =>
            fields.Text("prepend_scheme", fields.Flag("add_prefix_space", true) ? "always" : "never", ["always", "first", "never"]);

        private void AddSplit(JsonFields fields, List<SplitRule> rules)
        {
            var behavior = fields.Text("behavior", null, Enum.GetNames<SplitBehavior>());
            var expression = fields.Nested("pattern") is { } pattern
                ? pattern.Has("String") ? Regex.Escape(pattern.Text("String")) : pattern.Text("Regex")
                : "";
            if (expression.Length == 0)
            {
                faults.Add("'pre_tokenizer.pattern' is empty; expected {'Regex': '...'} or {'String': '...'}");
            }

            if (expression.Length == 0 || behavior.Length == 0)
            {
                return;
            }

            try
            {
                // Whatever the case, the Rust library's s is also the long s; .NET's is not.
                expression = expression.Replace("(?i:'s|", "(?i:'[sſ]|", StringComparison.Ordinal);
                rules.Add(new SplitRule(expression, Enum.Parse<SplitBehavior>(behavior), fields.Flag("invert", false)));
            }
            catch (ArgumentException e)
            {
                faults.Add($"'pre_tokenizer' has a regular expression that .NET cannot read: {e.Message}");
            }
        }

        private (List<int> Before, List<int> After) ReadTemplate(JsonFields fields)
        {
            var (before, after) = (new List<int>(), new List<int>());
            var pieces = fields.Raw("single") is { ValueKind: JsonValueKind.Array } list ? list.EnumerateArray().ToArray() : [];
            var tokens = fields.Nested("special_tokens");
            var texts = 0;
            foreach (var piece in pieces.Where(p => p.ValueKind == JsonValueKind.Object).Select(p => new JsonFields(p, "post_processor.single.", faults)))
            {
                if (piece.Nested("Sequence") is { } sequence)
                {
                    sequence.Text("id", null, ["A"]);
                    texts++;
                }
                else if (piece.Nested("SpecialToken") is { } token)
                {
                    var ids = tokens?.Nested(token.Text("id"))?.IntList("ids") ?? [];
                    (texts == 0 ? before : after).AddRange(ids);
                    texts += ids.Count > 0 ? 0 : 2;
                }
            }

            if (texts != 1)
            {
                faults.Add("'post_processor.single' is not a list of one Sequence with SpecialTokens around it, each with ids in special_tokens");
            }

            return (before, after);
        }

        private string ReadString(JsonFields fields, string stage)
        {
            var text = fields.Nested("pattern") is { } pattern && pattern.Has("String") ? pattern.Text("String") : "";
            if (text.Length == 0)
            {
                faults.Add($"'{stage}.pattern' of Replace is not a text; expected {{'String': '...'}}");
                return " ";
            }

            return text;
        }

        private static char ReadCharacter(JsonFields fields, string name, string? fallback)
        {
            var text = fields.Text(name, fallback);
            if (text.Length != 1)
            {
                fields.Fault($"'{name}' is '{text}'; expected one character");
            }

            return text.Length == 1 ? text[0] : ' ';
        }

        private static JsonElement[] Flatten(JsonElement? json, string list) => json is not { } stage ? []
            : Kind(stage) == "Sequence" && stage.TryGetProperty(list, out var stages) && stages.ValueKind == JsonValueKind.Array
                ? [.. stages.EnumerateArray().SelectMany(s => Flatten(s, list))]
                : [stage];

        private static string Kind(JsonElement json) =>
            json.ValueKind == JsonValueKind.Object && json.TryGetProperty("type", out var type) && type.ValueKind == JsonValueKind.String ? type.GetString()! : "";

        private static string Describe(JsonElement json) => Kind(json) is { Length: > 0 } kind ? $"'{kind}'" : $"a JSON {json.ValueKind}";
    }
}
