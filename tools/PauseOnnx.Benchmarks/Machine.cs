using System.Runtime.InteropServices;

namespace PauseOnnx.Benchmarks;

/// <summary>Where figures come from.</summary>
internal static class Machine
{
    /// <summary>The machine by name, for the head of a document.</summary>
    /// <param name="libraries">Libraries that do the work, with their versions; empty where .NET alone does.</param>
    public static string Describe(params ReadOnlySpan<string> libraries) =>
        $"Machine: {string.Join(", ", [Processor(), $"{Environment.ProcessorCount} cores", RuntimeInformation.OSDescription, $".NET {Environment.Version}", .. libraries])}.";

    private static string Processor()
    {
        var name = File.Exists("/proc/cpuinfo")
            ? File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':')[1].Trim()
            : null;
        return name ?? RuntimeInformation.ProcessArchitecture.ToString();
    }
}
