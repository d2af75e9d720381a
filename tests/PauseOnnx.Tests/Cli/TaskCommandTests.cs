using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public class TaskCommandTests
{
    [Test]
    public async Task Task_WithoutAName_ListsTheTasks()
    {
        var run = await RunAsync("task");

        Assert.That(run.Output, Does.Contain("luhn").And.Contain("parity"));
    }

    [Test]
    public async Task Task_WithAName_WritesItsData()
    {
        using var folder = new TemporaryFolder();

        var run = await RunAsync("task", "parity", "--out", folder["data"], "--train", "30", "--heldout", "7");

        Assert.That(run.ExitCode, Is.Zero, run.Errors);
        Assert.That(ExampleFile.Read(folder[$"data/{FileNames.HeldOut}"]).Count(), Is.EqualTo(7));
    }

    [TestCase("task", "lunh")]
    [TestCase("task", "luhn", "--train", "0")]
    [TestCase("task", "luhn", "--heldout", "many")]
    public async Task Task_BadArguments_AreOneLine(params string[] arguments)
    {
        using var folder = new TemporaryFolder();

        var run = await RunAsync([.. arguments, "--out", folder["data"]]);

        Assert.Multiple(() =>
        {
            Assert.That(run.ExitCode, Is.EqualTo(1));
            Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: ").And.Not.Contain("\n"));
            Assert.That(Directory.Exists(folder["data"]), Is.False);
        });
    }

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(Program.Main, arguments);
}
