using System.IO.Compression;
using System.Xml.Linq;
using NUnit.Framework;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Packages;

/// <summary>
/// Packages made by <c>dotnet pack</c> from a copy of the repository's files, as a fresh clone has them, in a version that no
/// cache knows. Disposing takes them out of NuGet's cache again.
/// </summary>
internal sealed class PackedRepository : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    /// <summary>The copy.</summary>
    public string Clone => _folder["clone"];

    /// <summary>The folder of the packages, which is a package source.</summary>
    public string Feed => Path.Combine(Clone, "artifacts", "packages");

    /// <summary>Version of the packages.</summary>
    public string Version { get; } = $"0.0.0-test.{DateTime.UtcNow.Ticks}";

    /// <summary>Makes the packages; skips the tests, with the reason, where that is impossible.</summary>
    public void Pack()
    {
        CopyFiles(Clone);
        DotNet.Run(Clone, "pack", "PauseOnnx.sln", "-c", "Release", $"-p:Version={Version}");
    }

    /// <summary>Opens a package.</summary>
    /// <param name="id">Its name.</param>
    /// <param name="extension"><c>nupkg</c>, or <c>snupkg</c> for its symbols.</param>
    public ZipArchive Open(string id, string extension = "nupkg") => ZipFile.OpenRead(Path.Combine(Feed, $"{id}.{Version}.{extension}"));

    /// <summary>A text file of a package.</summary>
    public string ReadText(string id, string name)
    {
        using var package = Open(id);
        using var reader = new StreamReader(package.GetEntry(name)!.Open());
        return reader.ReadToEnd();
    }

    /// <summary>What a package says of itself.</summary>
    public XElement ReadNuspec(string id) => XElement.Parse(ReadText(id, $"{id}.nuspec"));

    public void Dispose()
    {
        var cache = DotNet.Run(_folder.Root, "nuget", "locals", "global-packages", "--list", "--force-english-output")
            .Trim()["global-packages:".Length..].Trim();
        foreach (var package in PackableProject.All.Select(p => Path.Combine(cache, p.PackageId.ToLowerInvariant())).Where(Directory.Exists))
        {
            if (Directory.Exists(Path.Combine(package, Version)))
            {
                Directory.Delete(Path.Combine(package, Version), recursive: true);
            }

            if (!Directory.EnumerateFileSystemEntries(package).Any())
            {
                Directory.Delete(package);
            }
        }

        _folder.Dispose();
    }

    private static void CopyFiles(string to)
    {
        using var git = ProgramProcess.StartProcess(
            "git", ["-C", Repository.Root, "ls-files", "--cached", "--others", "--exclude-standard"]);
        if (git.WaitForExit() != 0)
        {
            Assert.Ignore($"git does not say which files a clone would have: {git.Errors.Trim()}");
        }

        foreach (var name in git.Output.Split('\n', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries))
        {
            var (from, copy) = (Path.Combine(Repository.Root, name), Path.Combine(to, name));
            if (File.Exists(from))
            {
                Directory.CreateDirectory(Path.GetDirectoryName(copy)!);
                File.Copy(from, copy);
            }
        }
    }
}
