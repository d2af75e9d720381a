using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class TokenizerJsonTests
{
    private static TestCaseData Case(string name, Action<JsonNode> edit, params string[] expected) =>
        new TestCaseData(edit, expected).SetArgDisplayNames(name);

    private static JsonObject Kind(string type) => new() { ["type"] = type };

    private static JsonNode Parse(string json) => JsonNode.Parse(json)!;

    /// <summary>A post_processor that puts an id before every text.</summary>
    internal static JsonNode Template(int id) => Parse("""
        {"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"x","type_id":0}},{"Sequence":{"id":"A","type_id":0}}],
        "pair":[],"special_tokens":{"x":{"id":"x","ids":[ID],"tokens":["x"]}}}
        """.Replace("ID", $"{id}", StringComparison.Ordinal));

    private static JsonObject Split(string pattern, string behavior) =>
        new() { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = behavior, ["invert"] = false };

    private static JsonObject Sequence(params JsonNode[] stages) => new() { ["type"] = "Sequence", ["pretokenizers"] = new JsonArray(stages) };

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return Case("WordPiece", j => j["model"] = Kind("WordPiece"), "'model.type' is 'WordPiece'; expected 'BPE'");
        yield return Case("Unigram", j => j["model"] = Kind("Unigram"), "'model.type' is 'Unigram'; expected 'BPE'");
        yield return Case("no model", j => j.AsObject().Remove("model"), "'model' is missing; expected an object with vocab and merges");
        yield return Case("model a list", j => j["model"] = new JsonArray(), "'model' is []; expected an object");
        yield return Case("normalizer", j => j["normalizer"] = Kind("Lowercase"), "'normalizer' holds 'Lowercase'; expected NFC, Prepend or Replace, one or several in a Sequence");
        yield return Case("normalizer in a sequence", j => j["normalizer"] = new JsonObject { ["type"] = "Sequence", ["normalizers"] = new JsonArray(Kind("NFC"), Kind("NFKD")) }, "'normalizer' holds 'NFKD'");
        yield return Case("normalizer a number", j => j["normalizer"] = 3, "'normalizer' holds a JSON Number");
        yield return Case("prepend nothing", j => j["normalizer"] = Kind("Prepend"), "'normalizer.prepend' is missing; expected a string");
        yield return Case("replace by regex", j => j["normalizer"] = Parse("""{"type":"Replace","pattern":{"Regex":" +"},"content":" "}"""), "'normalizer.pattern' of Replace is not a text; expected {'String': '...'}");
        yield return Case("post processor", j => j["post_processor"] = Kind("RobertaProcessing"), "'post_processor' holds 'RobertaProcessing'; expected ByteLevel, or TemplateProcessing once");
        yield return Case("no template", j => j["post_processor"] = Kind("TemplateProcessing"), "'post_processor.single' is not a list of one Sequence with SpecialTokens around it");
        yield return Case("template with another id", j => j["post_processor"] = Template(9), "'post_processor' puts id 9 at the ends of a text; expected 0 to 4");
        yield return Case("decoder", j => j["decoder"] = Kind("WordPiece"), "'decoder' is 'WordPiece'; expected ByteLevel, Metaspace, or Replace, ByteFallback, Fuse and Strip in this order");
        yield return Case("decoders in another order", j => j["decoder"] = Parse("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"ByteFallback"}]}"""), "'decoder' is 'Fuse', 'ByteFallback'; expected ByteLevel");
        yield return Case("Strip at the end", j => j["decoder"] = Parse("""{"type":"Sequence","decoders":[{"type":"Fuse"},{"type":"Strip","content":" ","start":0,"stop":1}]}"""), "'decoder.stop' is 1; expected an integer from 0 to 0");
        yield return Case("no decoder", j => j["decoder"] = null, "'decoder' is missing; expected ByteLevel");
        yield return Case("Metaspace of two characters", j => j["pre_tokenizer"] = Parse("""{"type":"Metaspace","replacement":"__"}"""), "'replacement' is '__'; expected one character");
        yield return Case("Whitespace before ByteLevel", j => j["pre_tokenizer"] = Sequence(Kind("Whitespace"), Kind("ByteLevel")), "'pre_tokenizer' holds 'Whitespace'");
        yield return Case("Split after ByteLevel", j => j["pre_tokenizer"] = Sequence(Kind("ByteLevel"), Split("x", "Isolated")), "'pre_tokenizer' holds 'ByteLevel' as stage 1 of 2");
        yield return Case("Split of another kind", j => j["pre_tokenizer"] = Sequence(Split("x", "Halved"), Kind("ByteLevel")), "'pre_tokenizer.behavior' is 'Halved'; expected 'Isolated' or 'Removed' or");
        yield return Case("Split by nothing", j => j["pre_tokenizer"] = Sequence(Split("", "Isolated"), Kind("ByteLevel")), "'pre_tokenizer.pattern' is empty; expected {'Regex': '...'} or {'String': '...'}");
        yield return Case("impossible regex", j => j["pre_tokenizer"] = Sequence(Split("(", "Isolated"), Kind("ByteLevel")), "regular expression that .NET cannot read");
        yield return Case("prefix space", j => j["pre_tokenizer"] = Sequence(Kind("Digits"), Parse("""{"type":"ByteLevel","add_prefix_space":true}""")), "'pre_tokenizer.add_prefix_space' is true after another stage; expected false");
        yield return Case("unknown token", j => j["model"]!["unk_token"] = "<unk>", "'model.unk_token' is '<unk>'; expected a token of the vocabulary");
        yield return Case("byte fallback", j => j["model"]!["byte_fallback"] = true, "'model.byte_fallback' is true; expected false");
        yield return Case("dropout", j => j["model"]!["dropout"] = 0.1, "'model.dropout' is 0.1; expected a number from 0 to 0");
        yield return Case("suffix", j => j["model"]!["end_of_word_suffix"] = "</w>", "'model.end_of_word_suffix' is '</w>'; expected ''");
        yield return Case("no vocabulary", j => j["model"]!["vocab"] = null, "'model.vocab' is not an object of tokens and ids");
        yield return Case("empty vocabulary", j => j["model"]!["vocab"] = new JsonObject(), "'model.vocab' is not an object of tokens and ids");
        yield return Case("negative id", j => j["model"]!["vocab"]!["a"] = -1, "Token 'a' has id -1; expected an integer from 0");
        yield return Case("text as id", j => j["model"]!["vocab"]!["a"] = "0", "Token 'a' has id '0'; expected an integer from 0");
        yield return Case("shared id", j => j["model"]!["vocab"]!["a"] = 1, "Id 1 is given to 'a' and 'b'; expected one token");
        yield return Case("huge id", j => j["model"]!["vocab"]!["ab"] = int.MaxValue, "Token 'ab' has id 2147483647; expected an integer from 0 to 16777215");
        yield return Case("merge of one", j => j["model"]!["merges"]!.AsArray().Add("ab"), "Merge 1 is 'ab'; expected 'left right' or ['left', 'right']");
        yield return Case("merge of three", j => j["model"]!["merges"]!.AsArray().Add(new JsonArray("a", "b", "a")), "Merge 1 is ['a','b','a']; expected");
        yield return Case("merge of a number", j => j["model"]!["merges"]!.AsArray().Add(7), "Merge 1 is 7; expected");
        yield return Case("merge without result", j => j["model"]!["merges"]!.AsArray().Add("b a"), "Merge 1 of 'b' and 'a' needs 'ba', which is not in the vocabulary");
        yield return Case("merge twice", j => j["model"]!["merges"]!.AsArray().Add("a b"), "Merge 1 of 'a' and 'b' is listed twice; expected once");
        yield return Case("merges an object", j => j["model"]!["merges"] = new JsonObject(), "'model.merges' is a JSON Object; expected a list of pairs");
        yield return Case("added tokens a text", j => j["added_tokens"] = "x", "'added_tokens' is not a list of objects");
        yield return Case("added token takes an id", j => j["added_tokens"]![0]!["id"] = 0, "Added token '<|endoftext|>' has id 0, which is also 'a'; expected a name and an id of its own");
        yield return Case("added token twice", j => j["added_tokens"]![1]!["content"] = "<|endoftext|>", "Added token '<|endoftext|>' has id 4, which is also '<pause>'");
        yield return Case("flag a text", j => j["added_tokens"]![1]!["lstrip"] = "yes", "'added_tokens[1].lstrip' is 'yes'; expected true or false");
        yield return Case("pause not last", SwapSpecialTokens, "'<pause>' has id 3; expected the last one, 4");
        yield return Case(
            "three faults at once",
            j => (j["normalizer"], j["model"]!["byte_fallback"], j["model"]!["vocab"]!["a"]) = (Kind("Lowercase"), true, 1),
            "'normalizer' holds 'Lowercase'", "'model.byte_fallback' is true", "Id 1 is given to 'a' and 'b'");
    }

    [TestCaseSource(nameof(Refused))]
    public void Load_OfAnotherKindOrALie_IsRefusedByName(Action<JsonNode> edit, string[] expected)
    {
        using var folder = new TemporaryFolder();
        WriteTiny(folder.Root);
        TokenizerTests.Edit(folder.Root, edit);
        var error = Assert.Throws<ModelFormatException>(() => Tokenizer.Load(folder.Root))!;
        Assert.Multiple(() =>
        {
            foreach (var sentence in expected)
            {
                Assert.That(error.Message, Does.Contain(sentence));
            }

            Assert.That(error.Message, Does.EndWith($"({folder[FileNames.Tokenizer]})."));
        });
    }

    [Test]
    public void Load_WithAThousandFaults_ListsTwenty()
    {
        using var folder = new TemporaryFolder();
        WriteTiny(folder.Root);
        TokenizerTests.Edit(folder.Root, json => Enumerable.Range(0, 1000).ToList().ForEach(i => json["model"]!["vocab"]![$"x{i}"] = -1));
        var error = Assert.Throws<ModelFormatException>(() => Tokenizer.Load(folder.Root))!;
        Assert.That(error.Message, Does.Contain("'x19'").And.Not.Contain("'x20'").And.Contain("; and more ("));
    }

    [TestCase("")]
    [TestCase("{")]
    [TestCase("[]")]
    [TestCase("null")]
    [TestCase("{\"model\": {\"type\": \"BPE\", \"vocab\": {\"\\ud800\": 0}}}")]
    [TestCase("{\"model\": {\"type\": \"\\udc00\"}}")]
    [TestCase("vocab: a b c")]
    public void Load_OfSomethingElse_IsRefused(string content)
    {
        using var folder = new TemporaryFolder();
        WriteTiny(folder.Root);
        File.WriteAllText(folder[FileNames.Tokenizer], content);
        Assert.That(() => Tokenizer.Load(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.Contains("expected a JSON object"));
    }

    [Test]
    public void Load_OfACorruptFile_NeverThrowsAnythingElse()
    {
        using var folder = new TemporaryFolder();
        WriteTiny(folder.Root);
        var original = File.ReadAllBytes(folder[FileNames.Tokenizer]);
        var random = new Random(3);
        var refused = 0;
        for (var i = 0; i < 600; i++)
        {
            var bytes = original.ToArray();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder[FileNames.Tokenizer], i % 10 == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                Tokenizer.Load(folder.Root).Encode("");
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(150), "most changes hit something that matters");
    }

    [Test]
    public void Load_WithoutAFile_NamesIt()
    {
        using var folder = new TemporaryFolder();
        Assert.That(() => Tokenizer.Load(folder.Root), Throws.InstanceOf<IOException>().With.Message.Contains(FileNames.Tokenizer));
        WriteTiny(folder.Root);
        File.Delete(folder[FileNames.TokenizerConfig]);
        Assert.That(() => Tokenizer.Load(folder.Root), Throws.InstanceOf<IOException>().With.Message.Contains(FileNames.TokenizerConfig));
    }

    [TestCase("""{"eos_token": "<|endoftext|>", "pad_token": null}""", 3, null)]
    [TestCase("""{"eos_token": {"content": "<|endoftext|>", "lstrip": false}, "pad_token": "a"}""", 3, 0)]
    [TestCase("{}", null, null)]
    public void Load_TakesEosAndPad_FromTokenizerConfig(string config, int? eos, int? pad)
    {
        using var folder = new TemporaryFolder();
        WriteTiny(folder.Root);
        File.WriteAllText(folder[FileNames.TokenizerConfig], config);
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.That((tokenizer.EosId, tokenizer.PadId), Is.EqualTo((eos, pad)));
    }

    [TestCase("""{"eos_token": "</s>"}""", "'eos_token' is '</s>'; expected a token of tokenizer.json")]
    [TestCase("""{"eos_token": 3, "pad_token": {"id": 1}}""", "'eos_token' is 3; expected a string; 'pad_token.content' is missing; expected a string")]
    [TestCase("[]", "expected a JSON object")]
    public void Load_OfAWrongTokenizerConfig_IsRefused(string config, string expected)
    {
        using var folder = new TemporaryFolder();
        WriteTiny(folder.Root);
        File.WriteAllText(folder[FileNames.TokenizerConfig], config);
        Assert.That(() => Tokenizer.Load(folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.Contains(expected).And.Message.Contains(FileNames.TokenizerConfig));
    }

    [Test]
    public void Load_WithoutPause_HasNoPauseId()
    {
        using var folder = new TemporaryFolder();
        WriteTiny(folder.Root);
        TokenizerTests.Edit(folder.Root, RemovePause);
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.That((tokenizer.VocabSize, tokenizer.PauseId), Is.EqualTo((4, (int?)null)));
    }

    /// <summary>Takes <c>&lt;pause&gt;</c> out of a tokenizer that <see cref="WriteTiny"/> wrote.</summary>
    internal static void RemovePause(JsonNode json)
    {
        json["added_tokens"]!.AsArray().RemoveAt(1);
        json["model"]!["vocab"]!.AsObject().Remove("<pause>");
    }

    /// <summary>Ids: a 0, b 1, ab 2, end of text 3, pause 4.</summary>
    internal static void WriteTiny(string folder) => TokenizerFiles.Write(folder, ["a", "b", "ab"], [("a", "b")]);

    private static void SwapSpecialTokens(JsonNode json)
    {
        (json["added_tokens"]![0]!["id"], json["added_tokens"]![1]!["id"]) = (4, 3);
        (json["model"]!["vocab"]!["<|endoftext|>"], json["model"]!["vocab"]!["<pause>"]) = (4, 3);
    }
}
