using NUnit.Framework;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Readme;

public class ReadmeTests
{
    [Test]
    public void CSharpExample_InReadme_IsTheOneThatRunsHere()
    {
        var (inside, example) = (false, new List<string>());
        foreach (var line in File.ReadLines(Path.Combine(Repository.Root, "tests/PauseOnnx.Tests/Readme/ReadmeExample.cs")))
        {
            if (line.Contains("// README:", StringComparison.Ordinal))
            {
                inside = line.EndsWith("begin", StringComparison.Ordinal);
            }
            else if (inside)
            {
                example.Add(line.StartsWith("        ", StringComparison.Ordinal) ? line[8..] : line);
            }
        }

        var readme = File.ReadAllText(Path.Combine(Repository.Root, "README.md")).ReplaceLineEndings("\n");
        Assert.That(readme, Does.Contain($"```csharp\n{string.Join('\n', example)}\n```"));
    }

    [Test]
    public async Task CSharpExample_OnAModel_PrintsItsAnswer()
    {
        using var folder = new TemporaryFolder();
        var model = TinyExport.Write(folder.Root, TinyCheckpoint.Configs["gpt2"], pauseCount: 4);
        Directory.CreateDirectory(folder["artifacts/models"]);
        Directory.Move(model, folder["artifacts/models/luhn"]);

        var before = Directory.GetCurrentDirectory();
        Directory.SetCurrentDirectory(folder.Root);
        try
        {
            var run = await CommandRun.OfAsync(async _ => { await ReadmeExample.RunAsync(); return 0; }, []);
            Assert.That(run.Output, Does.Match(@"^4 pauses before each answer\r?\n.+\r?\n$"));
        }
        finally
        {
            Directory.SetCurrentDirectory(before);
        }
    }
}
