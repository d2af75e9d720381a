using System.Reflection;
using NUnit.Framework;

namespace PauseOnnx.Tests.Support;

/// <summary>Builds small libraries that stand between ONNX Runtime and a test.</summary>
internal static class CCompiler
{
    // Of the package that the programs use; none where they were built with OrtBackend=gpu.
    private static readonly string Headers = Path.Combine(
        typeof(CCompiler).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "OnnxRuntime").Value ?? "", "build", "native", "include");

    /// <summary>Skips the test, with the reason, where nothing can be built.</summary>
    public static void IgnoreUnlessInstalled()
    {
        if (!OperatingSystem.IsLinux() || !ProgramProcess.IsInstalled("cc") || !Directory.Exists(Headers))
        {
            Assert.Ignore("The library of this test is built on Linux, with a C compiler and the headers of the package Microsoft.ML.OnnxRuntime.");
        }
    }

    /// <summary>Builds a library that may include ONNX Runtime's headers.</summary>
    /// <param name="source">Its only file.</param>
    /// <param name="library">What to write.</param>
    public static void Build(string source, string library)
    {
        using var process = ProgramProcess.StartProcess("cc", ["-shared", "-fPIC", "-O1", "-Wall", "-Wextra", "-Werror", "-isystem", Headers, source, "-o", library, "-ldl"]);
        Assert.That(process.WaitForExit(), Is.Zero, () => process.Errors);
    }
}
