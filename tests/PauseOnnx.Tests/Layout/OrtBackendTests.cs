using System.Text.Json;
using NUnit.Framework;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Layout;

/// <summary>The MSBuild property <c>OrtBackend</c>; nothing is restored or built.</summary>
public class OrtBackendTests
{
    private static readonly string[] Programs = ["tools/PauseOnnx.Cli/PauseOnnx.Cli.csproj", "tools/PauseOnnx.Benchmarks/PauseOnnx.Benchmarks.csproj", "tests/PauseOnnx.Tests/PauseOnnx.Tests.csproj"];

    [Test]
    public void Programs_ByBackend_TakeItsPackageAndNoOther(
        [ValueSource(nameof(Programs))] string project, [Values("by default", "cpu", "gpu")] string backend)
    {
        var (exitCode, output) = MSBuild(project, ["-getItem:PackageReference", .. backend == "by default" ? [] : new[] { $"-p:OrtBackend={backend}" }]);
        Assert.That(exitCode, Is.Zero, output);
        var packages = JsonDocument.Parse(output).RootElement.GetProperty("Items").GetProperty("PackageReference")
            .EnumerateArray().Select(p => p.GetProperty("Identity").GetString()!);
        Assert.That(
            packages.Where(p => p.StartsWith("Microsoft.ML.OnnxRuntime", StringComparison.Ordinal)),
            Is.EqualTo([backend == "gpu" ? "Microsoft.ML.OnnxRuntime.Gpu" : "Microsoft.ML.OnnxRuntime"]));
    }

    [Test]
    public void Build_OfAnotherBackend_SaysWhichThereAre()
    {
        var (exitCode, output) = MSBuild(Programs[0], "-t:CheckOrtBackend", "-p:OrtBackend=other");
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(output, Does.Contain("OrtBackend is 'other'; expected cpu or gpu."));
    }

    // No server of its own stays behind, and none is asked: the tests may run in one.
    private static (int ExitCode, string Output) MSBuild(string project, params string[] arguments)
    {
        using var process = ProgramProcess.StartProcess(
            "dotnet", ["msbuild", Path.Combine(Repository.Root, project), "-nologo", "-nodeReuse:false", .. arguments]);
        return (process.WaitForExit(), process.Output);
    }
}
