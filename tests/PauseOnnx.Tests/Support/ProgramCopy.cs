namespace PauseOnnx.Tests.Support;

/// <summary><c>pauseonnx</c> in a folder of its own, with another library in the place of ONNX Runtime's. Linux only.</summary>
internal static class ProgramCopy
{
    private static readonly string Native = Path.Combine("runtimes", "linux-x64", "native", "libonnxruntime.so");

    /// <summary>Makes the folder.</summary>
    /// <param name="folder">Where; must not exist.</param>
    /// <param name="library">What the program is to load as ONNX Runtime.</param>
    /// <returns>The program.</returns>
    public static string Make(string folder, string library)
    {
        foreach (var file in Directory.EnumerateFiles(AppContext.BaseDirectory).Concat(Directory.EnumerateFiles(Path.Combine(AppContext.BaseDirectory, "runtimes"), "*", SearchOption.AllDirectories)))
        {
            var copy = Path.Combine(folder, Path.GetRelativePath(AppContext.BaseDirectory, file));
            Directory.CreateDirectory(Path.GetDirectoryName(copy)!);

            // .NET looks for a program's parts where the program's own file really is.
            if (Path.GetFileName(file).StartsWith("pauseonnx.", StringComparison.Ordinal))
            {
                File.Copy(file, copy);
            }
            else if (!copy.EndsWith(Native, StringComparison.Ordinal))
            {
                File.CreateSymbolicLink(copy, file);
            }
        }

        File.Copy(library, Path.Combine(folder, Native));
        return Path.Combine(folder, "pauseonnx.dll");
    }
}
