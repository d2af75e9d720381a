using NUnit.Framework;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Packages;

/// <summary>The .NET SDK, as a user's shell calls it.</summary>
internal static class DotNet
{
    // Half a minute for the longest, on two cores that have nothing else to do.
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(5);

    // No build server stays behind. What is built here was analyzed when it was built for the tests.
    private static readonly Dictionary<string, string> Variables = new()
    {
        ["DOTNET_CLI_USE_MSBUILD_SERVER"] = "0",
        ["MSBUILDDISABLENODEREUSE"] = "1",
        ["RunAnalyzers"] = "false",
        ["UseSharedCompilation"] = "false",
    };

    /// <summary>Runs a command; fails the test where it fails, and skips it where no package source answers.</summary>
    /// <param name="folder">The current folder.</param>
    /// <param name="arguments">Such as <c>build</c>.</param>
    /// <returns>What it printed.</returns>
    public static string Run(string folder, params string[] arguments)
    {
        using var process = ProgramProcess.StartProcess("dotnet", arguments, Variables, folder);
        var exitCode = process.WaitForExit(Patience);
        if (exitCode != 0 && $"{process.Output}{process.Errors}".Contains("NU1301", StringComparison.Ordinal))
        {
            Assert.Ignore($"'dotnet {arguments[0]}' reaches no package source (NU1301), and what it restores is in no cache.");
        }

        Assert.That(exitCode, Is.Zero, $"dotnet {string.Join(' ', arguments)}\n{process.Output}\n{process.Errors}");
        return process.Output;
    }
}
