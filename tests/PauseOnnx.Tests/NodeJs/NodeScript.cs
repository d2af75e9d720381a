using System.Text.Json;
using NUnit.Framework;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>The scripts of tests/node. Node.js is slow to start, so one process answers many jobs.</summary>
internal static class NodeScript
{
    /// <summary>tests/node.</summary>
    public static readonly string Folder = Path.Combine(Repository.Root, "tests", "node");

    /// <summary>Skips the test, with the reason, where the scripts cannot run.</summary>
    /// <param name="package">A package that came later, so that an older installation may lack it; null for none.</param>
    public static void IgnoreUnlessInstalled(string? package = null)
    {
        if (!ProgramProcess.IsInstalled("node"))
        {
            Assert.Ignore("Node.js is not installed.");
        }

        // npm writes this file last: a folder without it is what an interrupted installation left.
        var packages = Path.Combine(Folder, "node_modules");
        if (!File.Exists(Path.Combine(packages, ".package-lock.json")) || (package is not null && !Directory.Exists(Path.Combine(packages, package))))
        {
            Assert.Ignore("The packages of tests/node are not installed: run 'dotnet cake --target=Test', or 'npm ci --ignore-scripts' in tests/node.");
        }
    }

    /// <summary>Runs a script, which is given two minutes; the test fails with what it printed when it does not end well.</summary>
    /// <returns>Standard output.</returns>
    public static string Run(string script, params string[] arguments) => Run(script, arguments, environment: null);

    private static string Run(string script, string[] arguments, IReadOnlyDictionary<string, string>? environment)
    {
        using var process = ProgramProcess.StartProcess("node", [Path.Combine(Folder, script), .. arguments], environment);
        var exitCode = process.WaitForExit();
        Assert.That(exitCode, Is.Zero, () => $"{script} failed: {process.Errors}{process.Output}");
        return process.Output;
    }

    /// <summary>Gives a script one JSON file of jobs.</summary>
    /// <typeparam name="TAnswer">The JSON form of one answer.</typeparam>
    /// <param name="script">The script.</param>
    /// <param name="jobs">Its jobs.</param>
    /// <param name="environment">Variables that it has besides the test's own; null for none.</param>
    /// <returns>The answers in the order of the jobs.</returns>
    public static IReadOnlyList<TAnswer> Answer<TAnswer>(
        string script, IReadOnlyList<object> jobs, IReadOnlyDictionary<string, string>? environment = null)
    {
        using var folder = new TemporaryFolder();
        var file = folder["jobs.json"];
        File.WriteAllText(file, JsonSerializer.Serialize(jobs));
        var answers = JsonSerializer.Deserialize<TAnswer[]>(Run(script, [file], environment), JsonSerializerOptions.Web)!;
        Assert.That(answers, Has.Length.EqualTo(jobs.Count));
        return answers;
    }
}
