namespace PauseOnnx.Tests.Support;

/// <summary>Where the tests find the repository they belong to.</summary>
internal static class Repository
{
    /// <summary>The folder that holds PauseOnnx.sln.</summary>
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    private static string FindRoot(string folder) => File.Exists(Path.Combine(folder, "PauseOnnx.sln"))
        ? folder
        : FindRoot(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("No PauseOnnx.sln above the tests."));
}
