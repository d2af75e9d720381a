using NUnit.Framework;
using PauseOnnx.Tests.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

[Category("Node")]
public sealed class EncodeScriptTests
{
    [Test]
    public void Encode_OfManyScripts_GivesTheIdsOfTheRuntime()
    {
        NodeScript.IgnoreUnlessInstalled();
        using var folder = new TemporaryFolder();
        var tokenizer = TokenizerTests.LoadGolden(folder, _ => { });
        var texts = TokenizerTests.Texts;
        var answer = NodeScript.Answer<int[][]>("encode-transformers.mjs", [new { model = folder.Root, texts }])[0];
        Assert.That(answer, Is.EqualTo(texts.Select(text => tokenizer.Encode(text))));
    }
}
