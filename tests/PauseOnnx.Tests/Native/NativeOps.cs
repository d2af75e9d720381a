using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Native;

/// <summary>The library of runtime/native, as <c>dotnet cake --target=Native</c> builds it.</summary>
internal static class NativeOps
{
    private static readonly string Library = Path.Combine(
        Repository.Root, "artifacts", "native", $"libpauseonnx_ops.{(OperatingSystem.IsWindows() ? "dll" : OperatingSystem.IsMacOS() ? "dylib" : "so")}");

    /// <summary>Skips the test, with the reason, where there is no library.</summary>
    public static void IgnoreUnlessBuilt()
    {
        if (!File.Exists(Library))
        {
            Assert.Ignore("The native operators are not built: run 'dotnet cake --target=Native', which needs CMake and a C++ compiler.");
        }
    }

    /// <summary>Options of a session, with the library registered or without.</summary>
    public static SessionOptions CreateOptions(bool isNative)
    {
        var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL };
        if (isNative)
        {
            options.RegisterCustomOpLibrary(Library);
        }

        return options;
    }
}
