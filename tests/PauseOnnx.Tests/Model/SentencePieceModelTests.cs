using System.Text;
using System.Text.Json;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class SentencePieceModelTests
{
    private const int Bpe = 2;

    private static readonly string Folder = Path.Combine(Repository.Root, "tests", "PauseOnnx.Tests", "Model");

    /// <summary>A model that the library itself trained.</summary>
    internal static string GoldenFile => Path.Combine(Folder, "sentencepiece-golden.model");

    [Test]
    public void Encode_OfManyScripts_GivesTheIdsAndTextsOfTheLibrary()
    {
        using var folder = new TemporaryFolder();
        File.Copy(GoldenFile, folder[FileNames.SentencePiece]);
        var tokenizer = Tokenizer.Load(folder.Root);
        using var golden = JsonDocument.Parse(File.ReadAllBytes(Path.Combine(Folder, "sentencepiece-golden.json")));
        string[][] cases = [.. golden.RootElement.GetProperty("cases").EnumerateArray().Select(c => c.EnumerateArray().Select(t => t.GetString()!).ToArray())];
        Assert.Multiple(() =>
        {
            Assert.That(cases.Select(c => string.Join(' ', tokenizer.EncodeOrdinary(c[0]))), Is.EqualTo(cases.Select(c => c[1])));
            Assert.That(cases.Select(c => tokenizer.Decode(tokenizer.EncodeOrdinary(c[0]))), Is.EqualTo(cases.Select(c => c[2])));
        });
    }

    [TestCase(null, 1, null)]
    [TestCase("""{"eos_token": "</s>", "add_bos_token": false, "add_eos_token": true}""", null, 2)]
    public void Encode_WithSpecialTokens_AddsThoseOfTheConfiguration(string? config, int? before, int? after)
    {
        using var folder = new TemporaryFolder();
        File.Copy(GoldenFile, folder[FileNames.SentencePiece]);
        if (config is not null)
        {
            File.WriteAllText(folder[FileNames.TokenizerConfig], config);
        }

        var tokenizer = Tokenizer.Load(folder.Root);
        int[] ordinary = tokenizer.EncodeOrdinary("Hello");
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.EosId, Is.EqualTo(2));
            Assert.That(tokenizer.Encode("Hello"), Is.EqualTo(ordinary));
            Assert.That(tokenizer.Encode("Hello", addSpecialTokens: true).Cast<int?>(), Is.EqualTo(new[] { before }.Concat(ordinary.Cast<int?>()).Append(after).OfType<int>()));
        });
    }

    [Test]
    public void CopyWithPause_OfAModelAlone_WritesATokenizerJsonThatSaysTheSame()
    {
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        File.Copy(GoldenFile, source[FileNames.SentencePiece]);
        TokenizerFiles.CopyWithPause(source.Root, target.Root);
        var (before, after) = (Tokenizer.Load(source.Root), Tokenizer.Load(target.Root));
        const string Text = "<s> Hello  wörld 日本 <tool>x";
        Assert.Multiple(() =>
        {
            Assert.That(File.Exists(target[FileNames.SentencePiece]), Is.False);
            Assert.That((after.VocabSize, after.PauseId, after.EosId), Is.EqualTo((before.VocabSize + 1, (int?)before.VocabSize, before.EosId)));
            Assert.That(after.Encode(Text, addSpecialTokens: true), Is.EqualTo(before.Encode(Text, addSpecialTokens: true)));
        });
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        static TestCaseData Case(string name, byte[] model, string expected) => new TestCaseData(model, expected).SetArgDisplayNames(name);
        yield return Case("Unigram", Model(type: 1), "The model is of type UNIGRAM; expected BPE");
        yield return Case("Word", Model(type: 3), "The model is of type WORD; expected BPE");
        yield return Case("another type", Model(type: 9), "The model is of type 9; expected BPE");
        yield return Case("normalized", [.. Model(), .. Field(3, [.. Field(1, "nmt_nfkc"u8), .. Field(2, [1, 2])])], "The text is normalized by 'nmt_nfkc'; expected 'identity'");
        yield return Case("extra spaces", Model(removesSpaces: true), "remove_extra_whitespaces is true; expected false");
        yield return Case("space as suffix", [.. Model(), .. Field(2, [.. Number(3, Bpe), .. Number(24, 1)])], "treat_whitespace_as_suffix is true; expected false");
        yield return Case("unused piece", [.. Model(), .. Piece("b", kind: 5)], "Piece 2, 'b', is empty or of kind Unused; expected a normal, unknown, control, user-defined or byte piece");
        yield return Case("repeated piece", [.. Model(), .. Piece("a", kind: 1)], "Piece 'a' is there twice; expected once");
        yield return Case("empty file", [], "There are no pieces; expected a SentencePiece model");
        yield return Case("cut off", Model()[..^1], "it ends inside a field");
        yield return Case("text", "vocab: a b c"u8.ToArray(), "Not a SentencePiece model, as ");
        yield return Case("endless number", [.. Enumerable.Repeat((byte)0xff, 20)], "a number is longer than 64 bits");
    }

    [TestCaseSource(nameof(Refused))]
    public void Load_OfAnotherKindOrACorruptFile_IsRefusedByName(byte[] model, string expected)
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder[FileNames.SentencePiece], model);
        Assert.That(() => Tokenizer.Load(folder.Root), Throws.TypeOf<ModelFormatException>()
            .With.Message.Contains(expected).And.Message.EndsWith($"({folder[FileNames.SentencePiece]})."));
    }

    [Test]
    public void Load_OfTheSmallestModel_Encodes()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllBytes(folder[FileNames.SentencePiece], Model());
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.That(tokenizer.EncodeOrdinary("xaay"), Is.EqualTo(new[] { 0, 1, 1, 0 }), "unknown characters in a row are one token, with the space mark");
    }

    [Test]
    public void Load_OfACorruptModel_NeverThrowsAnythingElse()
    {
        using var folder = new TemporaryFolder();
        var original = File.ReadAllBytes(GoldenFile);
        var (random, refused) = (new Random(4), 0);
        for (var i = 0; i < 200; i++)
        {
            var bytes = original.ToArray();
            bytes[random.Next(bytes.Length)] = (byte)random.Next(256);
            File.WriteAllBytes(folder[FileNames.SentencePiece], i % 10 == 0 ? bytes[..random.Next(bytes.Length)] : bytes);
            try
            {
                Tokenizer.Load(folder.Root).Encode("a");
            }
            catch (ModelFormatException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.GreaterThan(20), "what is cut off, at least");
    }

    // Two pieces: <unk> and a.
    private static byte[] Model(int type = Bpe, bool removesSpaces = false) =>
    [
        .. Piece("<unk>", kind: 2),
        .. Piece("a", kind: 1),
        .. Field(2, [.. Number(3, type), .. Number(41, -1), .. Number(42, -1)]),
        .. Field(3, [.. Field(1, "identity"u8), .. Number(4, removesSpaces ? 1 : 0)]),
    ];

    private static byte[] Piece(string text, int kind) => Field(1, [.. Field(1, Encoding.UTF8.GetBytes(text)), .. Number(3, kind)]);

    private static byte[] Field(int number, ReadOnlySpan<byte> content) => [.. Varint(((ulong)number << 3) | 2), .. Varint((ulong)content.Length), .. content];

    private static byte[] Number(int number, int value) => [.. Varint((ulong)number << 3), .. Varint((ulong)value)];

    private static byte[] Varint(ulong value) => value < 0x80 ? [(byte)value] : [(byte)(value | 0x80), .. Varint(value >> 7)];
}
