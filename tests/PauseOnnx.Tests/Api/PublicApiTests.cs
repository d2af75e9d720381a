using System.Reflection;
using NUnit.Framework;
using PauseOnnx.Tests.Support;
using PublicApiGenerator;

namespace PauseOnnx.Tests.Api;

/// <summary>What each package offers, approved as a text file beside this one, so that nothing becomes public by accident.</summary>
public class PublicApiTests
{
    private const string Approve = "PAUSEONNX_APPROVE_API";

    private static readonly ApiGeneratorOptions Options = new() { IncludeAssemblyAttributes = false, DenyNamespacePrefixes = [] };

    private static IEnumerable<string> Libraries => PackableProject.Libraries.Select(p => p.PackageId);

    [TestCaseSource(nameof(Libraries))]
    public void PublicApi_OfEachLibrary_IsTheApprovedOne(string library)
    {
        var file = $"tests/PauseOnnx.Tests/Api/{library}.txt";
        var path = Path.Combine(Repository.Root, file);
        var api = $"{Assembly.Load(library).GeneratePublicApi(Options).ReplaceLineEndings("\n").TrimEnd()}\n";
        if (Environment.GetEnvironmentVariable(Approve) == "1")
        {
            File.WriteAllText(path, api);
            Assert.Ignore($"{file} is written anew. Look through 'git diff' before you commit it.");
        }

        var approved = File.Exists(path) ? File.ReadAllText(path).ReplaceLineEndings("\n") : "";
        Assert.That(api, Is.EqualTo(approved), $"""
            {library} offers something else than {file} says:
            {string.Join('\n', Lines(approved, api, '-').Concat(Lines(api, approved, '+')))}
            If that is meant, run this test with {Approve}=1 and commit the file.
            """);
    }

    // The lines of one text that another lacks.
    private static IEnumerable<string> Lines(string text, string other, char sign) =>
        text.Split('\n').Except(other.Split('\n')).Select(line => $"{sign} {line.Trim()}");
}
