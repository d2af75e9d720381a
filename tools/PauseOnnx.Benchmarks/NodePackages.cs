using System.Text.Json;

namespace PauseOnnx.Benchmarks;

/// <summary>What is installed of npm's packages.</summary>
internal static class NodePackages
{
    /// <summary>transformers.js and what it runs on, for the head of a document.</summary>
    /// <param name="node">Folder in which the packages are installed, such as tests/node.</param>
    /// <exception cref="FileNotFoundException">They are not there.</exception>
    public static string TransformersIn(string node) =>
        $"transformers.js {VersionOf(node, "@huggingface/transformers")} on onnxruntime-node {VersionOf(node, "onnxruntime-node")}";

    /// <summary>The version of a package.</summary>
    /// <param name="node">Folder in which the packages are installed, such as tests/node.</param>
    /// <param name="package">Its name.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    public static string VersionOf(string node, string package)
    {
        var file = Path.Combine(node, "node_modules", package, "package.json");
        return File.Exists(file)
            ? JsonDocument.Parse(File.ReadAllText(file)).RootElement.GetProperty("version").GetString()!
            : throw new FileNotFoundException($"'{file}' is missing; run 'npm ci --ignore-scripts' in {node}.");
    }
}
