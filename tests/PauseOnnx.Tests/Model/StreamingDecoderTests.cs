using System.Text;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class StreamingDecoderTests
{
    private const string Text = "aß€😀𠀀é漢";

    [Test]
    public void Append_OfSingleBytes_GivesWholeCharactersOnly()
    {
        using var folder = new TemporaryFolder();
        var decoder = LoadBytes(folder).CreateDecoder();
        var pieces = Encoding.UTF8.GetBytes(Text).Select(b => decoder.Append(Id(b))).ToArray();
        Assert.Multiple(() =>
        {
            Assert.That(pieces.Where(p => p.Length > 0), Is.EqualTo(Text.EnumerateRunes().Select(r => r.ToString())));
            Assert.That(decoder.Flush(), Is.Empty);
        });
    }

    [Test]
    public void Append_OfEveryId_GivesWhatDecodeGives()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = TokenizerTests.LoadGolden(folder, _ => { });
        var random = new Random(5);
        int[] ids = [.. Enumerable.Range(0, 2000).Select(_ => random.Next(tokenizer.VocabSize))];
        var decoder = tokenizer.CreateDecoder();
        var text = string.Concat(ids.Select(decoder.Append)) + decoder.Flush();
        Assert.That(text, Is.EqualTo(tokenizer.Decode(ids)));
    }

    [Test]
    public void Flush_AfterPartOfACharacter_GivesTheReplacementAndStartsAnew()
    {
        using var folder = new TemporaryFolder();
        var decoder = LoadBytes(folder).CreateDecoder();
        Assert.Multiple(() =>
        {
            Assert.That(decoder.Append(Id(0xF0)) + decoder.Append(Id(0x9F)), Is.Empty);
            Assert.That(decoder.Flush(), Is.EqualTo("\uFFFD"));
            Assert.That(decoder.Append(Id((byte)'a')), Is.EqualTo("a"));
            Assert.That(decoder.Flush(), Is.Empty);
        });
    }

    [Test]
    public void Append_OfBytesThatAreNotUtf8_ReplacesThemAndGoesOn()
    {
        using var folder = new TemporaryFolder();
        var decoder = LoadBytes(folder).CreateDecoder();
        var text = string.Concat(new byte[] { 0xFF, (byte)'a', 0xE2, 0x82, (byte)'b', 0x80 }.Select(b => decoder.Append(Id(b))));
        Assert.That(text + decoder.Flush(), Is.EqualTo("\uFFFDa\uFFFDb\uFFFD"));
    }

    [Test]
    public void Append_OfASpecialToken_GivesNothing()
    {
        using var folder = new TemporaryFolder();
        var tokenizer = LoadBytes(folder);
        var decoder = tokenizer.CreateDecoder();
        Assert.That(decoder.Append(tokenizer.PauseId!.Value) + decoder.Append(tokenizer.EosId!.Value), Is.Empty);
    }

    [Test]
    public void Append_OfBytesAmongCharacters_WaitsForTheirCharacterAndDropsTheFirstSpace()
    {
        using var folder = new TemporaryFolder();
        File.Copy(SentencePieceModelTests.GoldenFile, folder[FileNames.SentencePiece]);
        var tokenizer = Tokenizer.Load(folder.Root);
        int[] ids = tokenizer.EncodeOrdinary(" a☃b");
        var decoder = tokenizer.CreateDecoder();
        string[] pieces = [.. ids.Select(decoder.Append)];
        Assert.Multiple(() =>
        {
            Assert.That(string.Concat(pieces) + decoder.Flush(), Is.EqualTo(" a☃b"));
            Assert.That(pieces, Has.Some.EqualTo("☃").And.Some.Empty);
            Assert.That(string.Concat(ids.SkipLast(2).Select(decoder.Append)) + decoder.Flush(), Is.EqualTo(" a\uFFFD\uFFFD"));
        });
    }

    // Ids of LoadBytes are the bytes themselves.
    private static int Id(byte value) => value;

    private static Tokenizer LoadBytes(TemporaryFolder folder)
    {
        TokenizerFiles.Write(folder.Root, [.. Enumerable.Range(0, 256).Select(b => ByteLevelAlphabet.ToSymbol((byte)b).ToString())], []);
        return Tokenizer.Load(folder.Root);
    }
}
