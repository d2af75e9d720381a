using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

public class DevicesCommandTests
{
    [Test]
    public async Task Devices_OfThisMachine_NamesThemAndWhatIsMissing()
    {
        var run = await RunAsync();
        Assert.Multiple(() =>
        {
            Assert.That((run.ExitCode, run.Errors), Is.EqualTo((0, "")));
            Assert.That(run.Output, Does.Match(@"processor +│ .*logical cores").And.Match(@"ONNX Runtime +│ \d+\.\d+\.\d+"));
            Assert.That(run.Output, Does.Match(@"│ cpu +│ yes").And.Match(@"│ cuda +│ no").And.Match(@"│ tensorrt +│ no").And.Contain("-p:OrtBackend=gpu"));
            Assert.That(run.Output, Does.Match(@"│ CPUExecutionProvider +│ 0 +│ CPU"));
        });
    }

    [Test]
    public async Task Devices_LibraryThatIsMissing_IsNamed()
    {
        var run = await RunAsync("--library", "abacus=/nowhere/libabacus.so");
        Assert.That(run.Errors, Is.EqualTo(
            $"error: The library of execution provider 'abacus' is '/nowhere/libabacus.so', which does not exist; expected the library of a plug-in provider.{Environment.NewLine}"));
    }

    [TestCase("abacus")]
    [TestCase("=path")]
    [TestCase("abacus=")]
    public async Task Devices_LibraryWithoutNameOrPath_IsRefused(string library)
    {
        var run = await RunAsync("--library", library);
        Assert.That(run.Errors, Does.StartWith($"error: --library is '{library}'; expected NAME=PATH."));
    }

    // A program of this name on the path plays the driver's.
    [Test]
    public void Devices_WithAnNvidiaGpu_ListsIt()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("The played nvidia-smi is a shell script.");
            return;
        }

        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["nvidia-smi"], "#!/bin/sh\necho 'NVIDIA Abacus, 16384 MiB, 570.1'\n");
        File.SetUnixFileMode(folder["nvidia-smi"], UnixFileMode.UserRead | UnixFileMode.UserExecute);
        using var process = ProgramProcess.StartProcess(
            "dotnet", [Path.Combine(AppContext.BaseDirectory, "pauseonnx.dll"), "devices"],
            new Dictionary<string, string> { ["PATH"] = $"{folder.Root}{Path.PathSeparator}{Environment.GetEnvironmentVariable("PATH")}" });
        Assert.That(process.WaitForExit(), Is.Zero);
        Assert.That(process.Output, Does.Contain("NVIDIA Abacus, 16384 MiB, 570.1"));
    }

    private static Task<CommandRun> RunAsync(params string[] arguments) => CommandRun.OfAsync(Program.Main, ["devices", .. arguments]);
}
