using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>
/// Graphs as ONNX Runtime has optimized them for the processor, kept in a folder between loads: fused, and weights in blocks
/// transposed as its kernels want them, which takes longer than the rest of a load.
/// </summary>
/// <remarks>Thread-safe, also between processes. A graph of another file, or of another version of ONNX Runtime, has another name.</remarks>
internal static class OptimizedGraphs
{
    private const string GraphName = "model.onnx";
    private const string DataName = "model.onnx_data";
    private const int KeyCharacters = 16;

    private static readonly Lock Gate = new();

    /// <summary>A graph as it was kept; made now where it was not.</summary>
    /// <param name="folder">Where kept graphs lie; created.</param>
    /// <param name="file">The model's graph.</param>
    /// <returns>Its file.</returns>
    /// <exception cref="IOException">The folder cannot be written.</exception>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the model's graph.</exception>
    public static string Get(string folder, string file)
    {
        var kept = Path.Combine(folder, KeyOf(file));
        lock (Gate)
        {
            if (!File.Exists(Path.Combine(kept, GraphName)))
            {
                Directory.CreateDirectory(folder);
                AtomicFolder.Write(kept, GraphName, temporary => Write(file, temporary));
            }
        }

        return Path.Combine(kept, GraphName);
    }

    // All that the graph is made of; files count by length and time, as reading them would take what is saved.
    private static string KeyOf(string file)
    {
        var full = Path.GetFullPath(file);
        var key = new StringBuilder($"{NativeRuntime.Version} {RuntimeInformation.ProcessArchitecture} {full}");
        foreach (var part in Directory.GetFiles(Path.GetDirectoryName(full)!, $"{Path.GetFileName(full)}*").Order(StringComparer.Ordinal))
        {
            var info = new FileInfo(part);
            key.Append(CultureInfo.InvariantCulture, $"\n{info.Name} {info.Length} {info.LastWriteTimeUtc.Ticks}");
        }

        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(key.ToString())))[..KeyCharacters];
    }

    // Up to the level whose result any processor of the architecture can run; the rest is done at each load.
    private static void Write(string file, string folder)
    {
        using var options = new SessionOptions
        {
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            GraphOptimizationLevel = GraphOptimizationLevel.ORT_ENABLE_EXTENDED,
            OptimizedModelFilePath = Path.Combine(folder, GraphName),
        };
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_file_name", DataName);
        options.AddSessionConfigEntry("session.optimized_model_external_initializers_min_size_in_bytes", "1024");
        using var session = new InferenceSession(file, options);
    }
}
