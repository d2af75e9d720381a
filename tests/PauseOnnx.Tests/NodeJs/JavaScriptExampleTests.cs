using NUnit.Framework;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>The example of the README's section "From JavaScript".</summary>
public sealed class JavaScriptExampleTests
{
    private const string Script = "example.mjs";

    [Test]
    public void Readme_FromJavaScript_QuotesTheExampleLiterally()
    {
        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md"));
        var example = File.ReadAllText(Path.Combine(Repository.Root, "tests", "node", Script));
        Assert.That(readme, Does.Contain($"```js\n{example}```\n"));
    }

    [Test]
    [Category("Node")]
    public async Task Example_OfATinyModel_PrintsTheAnswerOfTheRuntime()
    {
        NodeScript.IgnoreUnlessInstalled();
        using var folder = new TemporaryFolder();
        var path = TinyExport.Write(folder.Root, TinyCheckpoint.Configs["gpt2"], pauseCount: 4);
        using var model = PauseModel.Load(path);
        var answers = await model.GenerateBatchAsync(["453201511283036="]);
        Assert.That(NodeScript.Run(Script, path).Trim(), Is.EqualTo(answers[0].Text).And.Not.Empty);
    }
}
