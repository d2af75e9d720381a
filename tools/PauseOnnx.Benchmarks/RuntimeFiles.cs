using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.Exporter;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>The same weights as the files that the runtime and its peers load.</summary>
/// <param name="checkpoint">Folder of the checkpoint.</param>
/// <param name="folder">Where to write to.</param>
internal sealed class RuntimeFiles(string checkpoint, string folder)
{
    private static readonly string[] Copied = [FileNames.Config, FileNames.GenerationConfig, FileNames.Tokenizer, FileNames.TokenizerConfig];

    /// <summary>Precisions that are measured.</summary>
    public static readonly IReadOnlyList<GraphPrecision> Precisions = [GraphPrecision.Fp32, GraphPrecision.BlockInt8, GraphPrecision.BlockInt4, GraphPrecision.DynamicInt8];

    /// <summary>Types of GGUF files that are measured.</summary>
    public static readonly IReadOnlyList<GgufType> Types = [GgufType.F32, GgufType.Q8, GgufType.Q4];

    /// <summary>The model's folder, for <c>PauseModel.Load</c> and transformers.js.</summary>
    public string Model => Path.Combine(folder, "model");

    /// <summary>The GGUF file of a type.</summary>
    public string Gguf(GgufType type) => Path.Combine(folder, $"{GgufTypes.NameOf(type)}.gguf");

    /// <summary>Writes everything anew.</summary>
    /// <returns>Of each precision, the bytes that a decode step must read.</returns>
    public IReadOnlyDictionary<GraphPrecision, long> Write()
    {
        if (Directory.Exists(folder))
        {
            Directory.Delete(folder, recursive: true);
        }

        Directory.CreateDirectory(folder);
        foreach (var type in Types)
        {
            GgufModel.Write(checkpoint, Gguf(type), type);
        }

        return WriteModel(checkpoint, Model, Precisions);
    }

    /// <summary>Writes a model's folder, with graphs of target standard.</summary>
    /// <param name="checkpoint">Folder of the checkpoint.</param>
    /// <param name="model">A folder that is not there yet.</param>
    /// <param name="precisions">Which graphs.</param>
    /// <returns>Of each precision, the bytes that a decode step must read.</returns>
    public static IReadOnlyDictionary<GraphPrecision, long> WriteModel(string checkpoint, string model, IEnumerable<GraphPrecision> precisions)
    {
        Directory.CreateDirectory(Path.Combine(model, FileNames.OnnxFolder));
        foreach (var name in Copied)
        {
            File.Copy(Path.Combine(checkpoint, name), Path.Combine(model, name));
        }

        return precisions.ToDictionary(p => p, p =>
            GraphFile.Write(checkpoint, Path.Combine(model, GraphPrecisions.FileOf(p)), ExportTarget.Standard, p, change: null).BytesPerToken);
    }

    /// <summary>Deletes what was written.</summary>
    public void Delete() => Directory.Delete(folder, recursive: true);
}
