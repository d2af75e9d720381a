using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Docs;

/// <summary>docs/runtime.md shows code that is compiled here, and that runs.</summary>
public class RuntimeGuideTests
{
    private static readonly Func<PauseModel, Task>[] Examples =
    [
        RuntimeGuideExamples.TokensAsync, RuntimeGuideExamples.BatchAsync, RuntimeGuideExamples.ScoreAsync, RuntimeGuideExamples.ConversationAsync, RuntimeGuideExamples.ProcessorAsync,
        model => Task.Run(() => RuntimeGuideExamples.Steps(model)), _ => Task.Run(RuntimeGuideExamples.Options), _ => Task.Run(RuntimeGuideExamples.Errors),
        _ => RuntimeGuideExamples.StreamAsync(CancellationToken.None),
    ];

    [Test]
    public void Guide_Code_IsWhatIsCompiledHere() =>
        Assert.That(CompiledExamples.In("docs/runtime.md"), Is.EquivalentTo(CompiledExamples.Of("tests/PauseOnnx.Tests/Docs/RuntimeGuideExamples.cs", "// docs")));

    [Test]
    public void Guide_Options_AreNamedAll()
    {
        var guide = File.ReadAllText(Path.Combine(Repository.Root, "docs/runtime.md"));
        Assert.That(typeof(GenerationOptions).GetProperties().Select(p => p.Name).Where(name => !guide.Contains(name, StringComparison.Ordinal)), Is.EqualTo(["StopTokens"]),
            "StopTokens come with the model; name a new option in the guide");
    }

    [Test]
    public async Task Guide_Examples_Run()
    {
        // A model that knows every character of the examples.
        using var folder = new TemporaryFolder();
        var config = TinyCheckpoint.Configs["llama"] with { VocabSize = 98, Pause = TinyCheckpoint.Configs["llama"].Pause! with { TokenId = 97 } };
        TinyExport.Write(folder.Root, config, pauseCount: 4);
        Directory.CreateDirectory(folder["models"]);
        Directory.Move(folder["model"], folder["models/tiny"]);
        TokenizerFiles.Write(folder["models/tiny"], [.. Enumerable.Range(33, 94).Select(c => $"{(char)c}"), "Ġ", "Ċ"], []);

        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Root);
        try
        {
            using var model = PauseModel.Load("models/tiny");
            foreach (var example in Examples)
            {
                var run = await CommandRun.OfAsync(async _ => { await example(model); return 0; }, []);
                Assert.That(run.ExitCode, Is.Zero);
                Assert.That(run.Output, Is.Not.Empty);
            }
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }
}
