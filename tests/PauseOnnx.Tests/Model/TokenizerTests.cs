using System.Text.Json;
using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class TokenizerTests
{
    private static readonly JsonElement Golden = ReadGolden();

    /// <summary>Texts of many scripts, with special tokens, emoji and runs of white space.</summary>
    internal static string[] Texts => [.. Golden.GetProperty("texts").EnumerateArray().Select(t => t.GetString()!)];

    private static IEnumerable<TestCaseData> GoldenCases() =>
        Golden.GetProperty("cases").EnumerateArray().Select(c => new TestCaseData(c).SetArgDisplayNames(c.GetProperty("name").GetString()!));

    [TestCaseSource(nameof(GoldenCases))]
    public void Encode_OfManyScripts_GivesTheIdsOfHuggingFace(JsonElement golden)
    {
        using var folder = new TemporaryFolder();
        var tokenizer = LoadGolden(folder, json => json["pre_tokenizer"] = JsonNode.Parse(golden.GetProperty("pre_tokenizer").GetRawText()));
        var expected = golden.GetProperty("ids").EnumerateArray().Select(ids => ids.GetString());
        Assert.That(Texts.Select(t => string.Join(' ', tokenizer.Encode(t))), Is.EqualTo(expected));
    }

    [Test]
    public void Load_FolderWithoutTokenizer_NamesTheFile()
    {
        using var folder = new TemporaryFolder();

        Assert.That(() => Tokenizer.Load(folder.Root), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("tokenizer.json' is missing"));
    }

    [Test]
    public void Encode_WithMergesAsArrays_GivesTheSameIds()
    {
        using var folder = new TemporaryFolder();
        var plain = LoadGolden(folder, _ => { });
        var arrays = LoadGolden(folder, json => json["model"]!["merges"] = new JsonArray(
            [.. json["model"]!["merges"]!.AsArray().Select(m => new JsonArray([.. m!.GetValue<string>().Split(' ').Select(p => (JsonNode)p)]))]));
        Assert.That(Texts.Select(t => arrays.Encode(t)), Is.EqualTo(Texts.Select(t => plain.Encode(t))));
    }

    [Test]
    public void Decode_OfEncodedText_GivesTheTextWithoutItsSpecialTokens()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = LoadGolden(folder, _ => { });
        var expected = Texts.Select(t => t.Replace("<pause>", "", StringComparison.Ordinal).Replace("<|endoftext|>", "", StringComparison.Ordinal));
        Assert.That(Texts.Select(t => tokenizer.Decode(tokenizer.Encode(t))), Is.EqualTo(expected));
    }

    [Test]
    public void EncodeOrdinary_OfSpecialTokens_KeepsThemAsText()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = LoadGolden(folder, _ => { });
        const string text = "a <pause> is <|endoftext|>";
        var ids = tokenizer.EncodeOrdinary(text);
        Assert.Multiple(() =>
        {
            Assert.That(ids, Has.None.GreaterThanOrEqualTo(tokenizer.EosId!.Value));
            Assert.That(tokenizer.Decode(ids), Is.EqualTo(text));
        });
    }

    [Test]
    public void Encode_WithIgnoreMerges_TakesAWholePieceThatNoMergeMakes()
    {
        using var folder = new TemporaryFolder();
        TokenizerFiles.Write(folder.Root, ["a", "b", "c", "abc"], []);
        Assert.That(Tokenizer.Load(folder.Root).Encode("abc"), Is.EqualTo(new[] { 0, 1, 2 }));
        Edit(folder.Root, json => json["model"]!["ignore_merges"] = true);
        Assert.That(Tokenizer.Load(folder.Root).Encode("abc"), Is.EqualTo(new[] { 3 }));
    }

    [Test]
    public void Encode_WithOrdinaryAddedTokens_TakesTheLongestAndDecodesThem()
    {
        using var folder = new TemporaryFolder();
        TokenizerFiles.Write(folder.Root, ["a", "<", "t", ">"], []);
        Edit(folder.Root, json =>
        {
            var added = json["added_tokens"]!.AsArray();
            added[1]!["id"] = 7;
            added.Add(new JsonObject { ["id"] = 5, ["content"] = "<t>", ["special"] = false });
            added.Add(new JsonObject { ["id"] = 6, ["content"] = "<t>>", ["special"] = false });
            json["model"]!["vocab"]!["<pause>"] = 7;
        });
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("a<t>a<t>>><t"), Is.EqualTo(new[] { 0, 5, 0, 6, 3, 1, 2 }));
            Assert.That(tokenizer.EncodeOrdinary("<t>a"), Is.EqualTo(new[] { 5, 0 }));
            Assert.That(tokenizer.Decode([0, 5, 6, 7, 4]), Is.EqualTo("a<t><t>>"));
        });
    }

    [Test]
    public void Encode_WithATemplate_AddsItsTokensOnlyWhenAsked()
    {
        using var folder = new TemporaryFolder();
        TokenizerJsonTests.WriteTiny(folder.Root);
        Edit(folder.Root, json => json["post_processor"] = TokenizerJsonTests.Template(3));
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("ab", addSpecialTokens: true), Is.EqualTo(new[] { 3, 2 }));
            Assert.That(tokenizer.Encode("", addSpecialTokens: true), Is.EqualTo(new[] { 3 }));
            Assert.That(tokenizer.Encode("ab"), Is.EqualTo(new[] { 2 }));
            Assert.That(tokenizer.EncodeOrdinary("ab"), Is.EqualTo(new[] { 2 }));
        });
    }

    [Test]
    public void Load_WithAGapBeforePause_CountsItAndDecodesItToNothing()
    {
        using var folder = new TemporaryFolder();
        TokenizerJsonTests.WriteTiny(folder.Root);
        Edit(folder.Root, json => (json["added_tokens"]![1]!["id"], json["model"]!["vocab"]!["<pause>"]) = (9, 9));
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.Multiple(() =>
        {
            Assert.That((tokenizer.VocabSize, tokenizer.PauseId), Is.EqualTo((10, 9)));
            Assert.That(tokenizer.Encode("a<pause>b"), Is.EqualTo(new[] { 0, 9, 1 }));
            Assert.That(tokenizer.Decode([0, 5, 8, 9, 1]), Is.EqualTo("ab"));
        });
    }

    [TestCase("12x", "Character 'x' (U+0078) at index 2 is not in the tokenizer's vocabulary; it knows 0123456789= and the space.")]
    [TestCase("1 é", "Character 'é' (U+00E9) at index 2 is not in the tokenizer's vocabulary; it knows 0123456789= and the space.")]
    [TestCase("<pause>😀", "Character '😀' (U+1F600) at index 7 is not in the tokenizer's vocabulary; it knows 0123456789= and the space.")]
    [TestCase("1\n", "Character U+000A at index 1 is not in the tokenizer's vocabulary; it knows 0123456789= and the space.")]
    public void Encode_OfAnUnknownCharacter_NamesItItsPlaceAndWhatIsKnown(string text, string expected)
    {
        using var folder = new TemporaryFolder();
        TokenizerFiles.Write(folder.Root, [.. "0123456789=Ġ".Select(c => c.ToString())], []);
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.That(() => tokenizer.Encode(text), Throws.TypeOf<FormatException>().With.Message.EqualTo(expected));
    }

    [Test]
    public void Encode_OfHalfASurrogatePair_TreatsItAsTheReplacementCharacter()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = LoadGolden(folder, _ => { });
        Assert.That(tokenizer.Decode(tokenizer.Encode("a\ud83db \udc00")), Is.EqualTo("a\uFFFDb \uFFFD"));
    }

    [Test]
    public void Encode_FromManyThreads_GivesTheSameIds()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = LoadGolden(folder, _ => { });
        var texts = Texts;
        var expected = texts.Select(t => tokenizer.Encode(t)).ToArray();
        var fresh = LoadGolden(folder, _ => { });
        var parallel = Enumerable.Range(0, 8 * texts.Length).AsParallel().AsOrdered().Select(i => fresh.Encode(texts[i % texts.Length])).ToArray();
        Assert.That(parallel, Is.EqualTo(Enumerable.Range(0, 8 * texts.Length).Select(i => expected[i % texts.Length])));
    }

    [TestCase(-1)]
    [TestCase(600)]
    public void Decode_OfAnIdOutsideTheVocabulary_IsRefused(int id)
    {
        using var folder = new TemporaryFolder();
        var tokenizer = LoadGolden(folder, _ => { });
        Assert.That(() => tokenizer.Decode([1, id]), Throws.TypeOf<ArgumentOutOfRangeException>().With.Message.Contains("expected 0 to 599"));
    }

    /// <summary>Writes the golden tokenizer of 600 ids into a folder, changes its tokenizer.json and loads it.</summary>
    internal static Tokenizer LoadGolden(TemporaryFolder folder, Action<JsonNode> edit)
    {
        var (vocabulary, merges) = GoldenModel();
        TokenizerFiles.Write(folder.Root, vocabulary, merges);
        Edit(folder.Root, edit);
        return Tokenizer.Load(folder.Root);
    }

    /// <summary>The byte-level vocabulary and merges of the golden tokenizer, without its special tokens.</summary>
    internal static (string[] Vocabulary, (string Left, string Right)[] Merges) GoldenModel() =>
        (Golden.GetProperty("vocabulary").GetString()!.Split(' '),
        [.. Golden.GetProperty("merges").GetString()!.Split('\n').Select(m => m.Split(' ')).Select(m => (m[0], m[1]))]);

    /// <summary>Changes the tokenizer.json of a folder.</summary>
    internal static void Edit(string folder, Action<JsonNode> edit)
    {
        var file = Path.Combine(folder, FileNames.Tokenizer);
        var json = JsonNode.Parse(File.ReadAllText(file))!;
        edit(json);
        File.WriteAllText(file, json.ToJsonString());
    }

    private static JsonElement ReadGolden()
    {
        var file = Path.Combine(Repository.Root, "tests", "PauseOnnx.Tests", "Model", "tokenizer-golden.json");
        using var document = JsonDocument.Parse(File.ReadAllText(file));
        return document.RootElement.Clone();
    }
}
