using PauseOnnx.Tasks;

namespace PauseOnnx.Demo;

/// <summary>The results of one demonstration: everything <c>pauseonnx eval --json</c> left in a folder.</summary>
internal static class EvalResults
{
    // The order in which the paper's variants are told: with pauses in both stages, in one of them, in none.
    private static readonly string[] Told = ["PausePT_PauseFT", "PausePT_StdFT", "StdPT_StdFT", "StdPT_PauseFT"];

    /// <summary>Reads a folder's results: the paper's variants in their order, then the others by name.</summary>
    /// <exception cref="IOException">There is no such folder, or no result in it.</exception>
    public static IReadOnlyList<EvalResult> Read(string folder)
    {
        var files = Directory.GetFiles(folder, "*.json");
        if (files.Length == 0)
        {
            throw new IOException($"'{folder}' holds no .json file; expected the results that 'pauseonnx eval --json' writes.");
        }

        return [.. files.Select(EvalResult.Read).OrderBy(r => Order(r.Name)).ThenBy(r => r.Name, StringComparer.Ordinal)];
    }

    private static int Order(string name) => Array.IndexOf(Told, name) is >= 0 and var index ? index : Told.Length;
}
