using System.Text;
using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>Ids and texts are those of Hugging Face's own library, which is written in Rust.</summary>
[Category("Node")]
public sealed class TokenizersLibraryTests
{
    private const string Script = "encode-tokenizers.mjs";
    private const int TextCount = 10_000;

    private static readonly string[] Texts = VariedTexts.Create(TextCount, TokenizerVariants.Tokens, seed: 11);
    private static readonly IEnumerable<string> Variants = TokenizerVariants.All.Keys;

    private readonly TemporaryFolder _folder = new();
    private Dictionary<string, Answer> _expected = [];

    [OneTimeSetUp]
    public void AnswerEverythingInOneProcess()
    {
        NodeScript.IgnoreUnlessInstalled("@anush008/tokenizers");
        var jobs = TokenizerVariants.All.Select(variant =>
        {
            var json = variant.Value();
            Directory.CreateDirectory(_folder[variant.Key]);
            File.WriteAllText(Path.Combine(_folder[variant.Key], FileNames.Tokenizer), json.ToJsonString());
            File.WriteAllText(Path.Combine(_folder[variant.Key], FileNames.TokenizerConfig), "{}");
            return (object)new { tokenizer = Path.Combine(_folder[variant.Key], FileNames.Tokenizer), texts = Texts.Select(WithoutHalfPairs), ids = RandomIds(json) };
        });
        var answers = NodeScript.Answer<Answer>(Script, [.. jobs]);
        _expected = Variants.Zip(answers).ToDictionary(p => p.First, p => p.Second);
        Assert.That(answers.Select(a => a.Ids.Length), Is.All.EqualTo(TextCount));
    }

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    [TestCaseSource(nameof(Variants))]
    public void Encode_OfTenThousandTexts_GivesTheIdsOfTheLibrary(string variant)
    {
        var tokenizer = Tokenizer.Load(_folder[variant]);
        var wrong = Texts.Zip(_expected[variant].Ids).Where(p => !tokenizer.Encode(p.First, addSpecialTokens: true).SequenceEqual(p.Second))
            .Select(p => $"{Show(p.First)}: {string.Join(' ', tokenizer.Encode(p.First, addSpecialTokens: true))}; expected {string.Join(' ', p.Second)}").ToArray();
        Assert.That(wrong, Is.Empty);
    }

    [TestCaseSource(nameof(Variants))]
    public void Decode_OfTextsAndRandomIds_GivesTheTextsOfTheLibrary(string variant)
    {
        var tokenizer = Tokenizer.Load(_folder[variant]);
        var expected = _expected[variant];
        var ids = expected.Ids.Concat(RandomIds(JsonNode.Parse(File.ReadAllText(Path.Combine(_folder[variant], FileNames.Tokenizer)))!));
        var wrong = ids.Zip(expected.Decoded.Concat(expected.Others)).Where(p => tokenizer.Decode(p.First) != p.Second)
            .Select(p => $"{string.Join(' ', p.First)}: {Show(tokenizer.Decode(p.First))}; expected {Show(p.Second)}").ToArray();
        Assert.That(wrong, Is.Empty);
    }

    private static string WithoutHalfPairs(string text) => Encoding.UTF8.GetString(Encoding.UTF8.GetBytes(text));

    private static int[][] RandomIds(JsonNode json)
    {
        var random = new Random(12);
        var count = json["model"]!["vocab"]!.AsObject().Count + json["added_tokens"]!.AsArray().Count(t => !json["model"]!["vocab"]!.AsObject().ContainsKey(t!["content"]!.GetValue<string>()));
        return [.. Enumerable.Range(0, 1000).Select(_ => Enumerable.Range(0, random.Next(12)).Select(_ => random.Next(count)).ToArray())];
    }

    private static string Show(string text) => JsonValue.Create(text).ToJsonString();

    private sealed record Answer(int[][] Ids, string[] Decoded, string[] Others);
}
