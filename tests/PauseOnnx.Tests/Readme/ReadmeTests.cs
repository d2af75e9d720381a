using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Readme;

public class ReadmeTests
{
    [TestCase("ReadmeExample.cs")]
    [TestCase("ChatExample.cs")]
    public void CSharpExample_InReadme_IsTheOneThatRunsHere(string file)
    {
        var example = string.Join("\n\n", CompiledExamples.Of($"tests/PauseOnnx.Tests/Readme/{file}", "// README"));
        Assert.That(CompiledExamples.In("README.md"), Does.Contain(example));
    }

    [Test]
    public async Task ChatExample_OnAModelThatChats_PrintsItsAnswers()
    {
        using var folder = new TemporaryFolder();
        var model = TinyExport.Write(folder.Root, TinyCheckpoint.Configs["gpt2"], pauseCount: 4);
        File.WriteAllText(
            Path.Combine(model, FileNames.ChatTemplate), "{% for m in messages %}{{ m.content|length }}{% endfor %}{% if add_generation_prompt %}={% endif %}");
        Directory.CreateDirectory(folder["artifacts/models"]);
        Directory.Move(model, folder["artifacts/models/chat"]);
        var run = await RunInAsync(folder.Root, ChatExample.RunAsync);
        Assert.That(run.Output, Does.Match(@"^.+\r?\n.+$"));
    }

    [Test]
    public async Task CSharpExample_OnAModel_PrintsItsAnswer()
    {
        using var folder = new TemporaryFolder();
        var model = TinyExport.Write(folder.Root, TinyCheckpoint.Configs["gpt2"], pauseCount: 4);
        Directory.CreateDirectory(folder["artifacts/models"]);
        Directory.Move(model, folder["artifacts/models/luhn"]);

        var run = await RunInAsync(folder.Root, ReadmeExample.RunAsync);
        Assert.That(run.Output, Does.Match(@"^4 pauses before each answer\r?\n.+\r?\n$"));
    }

    private static async Task<CommandRun> RunInAsync(string folder, Func<Task> example)
    {
        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder);
        try
        {
            return await CommandRun.OfAsync(async _ => { await example(); return 0; }, []);
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }
}
