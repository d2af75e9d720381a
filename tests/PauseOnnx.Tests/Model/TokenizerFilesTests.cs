using System.Text.Json.Nodes;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Model.Chat;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class TokenizerFilesTests
{
    [Test]
    public void Write_OfSingleCharacters_GivesATokenizerWithEosAndPauseLast()
    {
        using var folder = new TemporaryFolder();
        TokenizerFiles.Write(folder.Root, [.. "0123456789=.".Select(c => c.ToString())], []);
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.VocabSize, Is.EqualTo(14));
            Assert.That(tokenizer.EosId, Is.EqualTo(12));
            Assert.That(tokenizer.PadId, Is.EqualTo(12));
            Assert.That(tokenizer.PauseId, Is.EqualTo(13));
            Assert.That(tokenizer.Encode("15=.<pause><|endoftext|>"), Is.EqualTo(new[] { 1, 5, 10, 11, 13, 12 }));
            Assert.That(tokenizer.Decode([1, 13, 5, 12, 10]), Is.EqualTo("15="));
        });
    }

    [Test]
    public void Write_WithMerges_EncodesByTheirRank()
    {
        using var folder = new TemporaryFolder();
        TokenizerFiles.Write(folder.Root, ["a", "b", "c", "Ġ", "ab", "abc", "bc", "Ġa"], [("b", "c"), ("a", "b"), ("ab", "c"), ("Ġ", "a")]);
        var tokenizer = Tokenizer.Load(folder.Root);
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer.Encode("abc abab"), Is.EqualTo(new[] { 0, 6, 3, 4, 4 }));
            Assert.That(tokenizer.Decode([0, 6, 3, 4, 4]), Is.EqualTo("abc abab"));
        });
    }

    private static IEnumerable<TestCaseData> Refused()
    {
        yield return new TestCaseData(Array.Empty<string>(), "", "The vocabulary is empty").SetArgDisplayNames("empty vocabulary");
        yield return new TestCaseData(new[] { "a", "a" }, "", "Token 'a' is empty, repeated or special").SetArgDisplayNames("repeated token");
        yield return new TestCaseData(new[] { "a", "<pause>" }, "", "Token '<pause>' is empty, repeated or special").SetArgDisplayNames("special token");
        yield return new TestCaseData(new[] { "a", "b" }, "b", "The merge of 'a' and 'b' needs 'ab'").SetArgDisplayNames("merge without result");
    }

    [TestCaseSource(nameof(Refused))]
    public void Write_OfAContradiction_IsRefusedBeforeAnythingIsWritten(string[] vocabulary, string right, string expected)
    {
        using var folder = new TemporaryFolder();
        (string, string)[] merges = right.Length > 0 ? [("a", right)] : [];
        Assert.Multiple(() =>
        {
            Assert.That(() => TokenizerFiles.Write(folder.Root, vocabulary, merges), Throws.ArgumentException.With.Message.StartsWith(expected));
            Assert.That(Directory.EnumerateFileSystemEntries(folder.Root), Is.Empty);
        });
    }

    [Test]
    public void Write_OfTheModelsLength_SaysItToHosts()
    {
        using var folder = new TemporaryFolder();
        TokenizerFiles.Write(folder.Root, ["a"], [], modelMaxLength: 64);
        Assert.That(File.ReadAllText(folder[FileNames.TokenizerConfig]), Does.Contain("\"model_max_length\": 64"));
    }

    [Test]
    public void CopyWithPause_OfATokenizerThatChats_KeepsItsTemplates()
    {
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        TokenizerJsonTests.WriteTiny(source.Root);
        TokenizerTests.Edit(source.Root, TokenizerJsonTests.RemovePause);
        const string Template = "{{ 'é<|im_start|>' + \"\\n\" }}";
        File.WriteAllText(source[FileNames.TokenizerConfig], new JsonObject { ["chat_template"] = Template, ["added_tokens_decoder"] = new JsonObject() }.ToJsonString());
        TokenizerFiles.CopyWithPause(source.Root, target.Root);
        Assert.That(ChatTemplate.Load(target.Root)!.Source, Is.EqualTo(Template));
        File.WriteAllText(source[FileNames.ChatTemplate], "a file");
        TokenizerFiles.CopyWithPause(source.Root, target.Root);
        Assert.That(ChatTemplate.Load(target.Root)!.Source, Is.EqualTo("a file"));
    }

    [Test]
    public void CopyWithPause_OfATokenizerWithoutIt_AppendsItAsTheLastId()
    {
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        TokenizerJsonTests.WriteTiny(source.Root);
        TokenizerTests.Edit(source.Root, TokenizerJsonTests.RemovePause);
        TokenizerFiles.CopyWithPause(source.Root, target.Root);
        var tokenizer = Tokenizer.Load(target.Root);
        Assert.Multiple(() =>
        {
            Assert.That((tokenizer.VocabSize, tokenizer.PauseId, tokenizer.EosId), Is.EqualTo((5, 4, 3)));
            Assert.That(tokenizer.Encode("ab<pause>"), Is.EqualTo(new[] { 2, 4 }));
        });
    }

    [Test]
    public void CopyWithPause_OfACheckpoint_PutsItAfterTheLastRowOfTheTable()
    {
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        TokenizerJsonTests.WriteTiny(source.Root);
        TokenizerTests.Edit(source.Root, json =>
        {
            TokenizerJsonTests.RemovePause(json);
            json["model"]!["vocab"]!.AsObject().Remove("<|endoftext|>");
        });
        File.WriteAllText(source[FileNames.Config], """{"vocab_size": 64}""");
        File.WriteAllText(source[FileNames.TokenizerConfig], """{"eos_token": "<|endoftext|>", "added_tokens_decoder": {"3": {"content": "<|endoftext|>"}}}""");
        TokenizerFiles.CopyWithPause(source.Root, target.Root);
        var tokenizer = JsonNode.Parse(File.ReadAllText(target[FileNames.Tokenizer]))!;
        var config = JsonNode.Parse(File.ReadAllText(target[FileNames.TokenizerConfig]))!;
        Assert.Multiple(() =>
        {
            Assert.That(tokenizer["added_tokens"]!.AsArray().Select(t => t!["id"]!.GetValue<int>()), Is.EqualTo(new[] { 3, 64 }));
            Assert.That(tokenizer["model"]!["vocab"]!["<pause>"]!.GetValue<int>(), Is.EqualTo(64));
            Assert.That(tokenizer["model"]!["vocab"]!["<|endoftext|>"]!.GetValue<int>(), Is.EqualTo(3), "or Rust's tokenizers would count on from <pause>");
            Assert.That(config["added_tokens_decoder"]!["64"]!["content"]!.GetValue<string>(), Is.EqualTo("<pause>"));
        });
    }

    [Test]
    public void CopyWithPause_OfACheckpointWithTooFewRows_IsRefused()
    {
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        TokenizerJsonTests.WriteTiny(source.Root);
        TokenizerTests.Edit(source.Root, TokenizerJsonTests.RemovePause);
        File.WriteAllText(source[FileNames.Config], """{"vocab_size": 3}""");
        Assert.That(
            () => TokenizerFiles.CopyWithPause(source.Root, target.Root),
            Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("'vocab_size' is 3; expected an integer from 4"));
    }

    [Test]
    public void CopyWithPause_OfATokenizerWithIt_CopiesEveryByte()
    {
        using var source = new TemporaryFolder();
        using var target = new TemporaryFolder();
        TokenizerJsonTests.WriteTiny(source.Root);
        TokenizerFiles.CopyWithPause(source.Root, target.Root);
        Assert.That(File.ReadAllBytes(target[FileNames.Tokenizer]), Is.EqualTo(File.ReadAllBytes(source[FileNames.Tokenizer])));
    }
}
