using System.Runtime.InteropServices;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Benchmarks;

/// <summary>Where figures come from.</summary>
internal static class Machine
{
    /// <summary>The machine by name, for the head of a document.</summary>
    /// <param name="libraries">Libraries that do the work, with their versions; empty where .NET alone does.</param>
    public static string Describe(params ReadOnlySpan<string> libraries) =>
        $"Machine: {string.Join(", ", [Processor.Name, $"{Environment.ProcessorCount} cores", RuntimeInformation.OSDescription, $".NET {Environment.Version}", .. libraries])}.";
}
