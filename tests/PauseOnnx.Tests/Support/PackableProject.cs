using System.Xml.Linq;

namespace PauseOnnx.Tests.Support;

/// <summary>A project that <c>dotnet pack</c> makes a package of.</summary>
/// <param name="File">The .csproj.</param>
/// <param name="PackageId">The package's name.</param>
/// <param name="IsTool">Whether it is a tool rather than a library.</param>
internal sealed record PackableProject(string File, string PackageId, bool IsTool)
{
    /// <summary>Every project of the repository that says IsPackable.</summary>
    public static IReadOnlyList<PackableProject> All { get; } =
    [
        .. new[] { "runtime", "exporter", "tools", "trainer" }
            .SelectMany(f => Directory.EnumerateFiles(Path.Combine(Repository.Root, f), "*.csproj", SearchOption.AllDirectories))
            .Select(f => (File: f, Project: XDocument.Load(f)))
            .Where(p => Property(p.Project, "IsPackable") == "true")
            .Select(p => new PackableProject(
                p.File, Property(p.Project, "PackageId") ?? Path.GetFileNameWithoutExtension(p.File), Property(p.Project, "PackAsTool") == "true"))
            .OrderBy(p => p.PackageId, StringComparer.Ordinal),
    ];

    /// <summary>The projects that are libraries.</summary>
    public static IEnumerable<PackableProject> Libraries => All.Where(p => !p.IsTool);

    /// <summary>The packages that those need who use a library: what its project references, by name.</summary>
    public IEnumerable<string> References => XDocument.Load(File).Descendants()
        .Where(e => e.Name.LocalName is "PackageReference" or "ProjectReference" && (string?)e.Attribute("PrivateAssets") != "all")
        .Select(e => e.Attribute("Include")!.Value)
        .Select(name => name.EndsWith(".csproj", StringComparison.Ordinal) ? Path.GetFileNameWithoutExtension(name) : name);

    public override string ToString() => PackageId;

    private static string? Property(XDocument project, string name) => project.Descendants(name).SingleOrDefault()?.Value;
}
