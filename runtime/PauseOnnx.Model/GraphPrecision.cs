namespace PauseOnnx.Model;

/// <summary>What numbers an exported graph holds and computes with. One model folder can have a graph of each.</summary>
public enum GraphPrecision
{
    /// <summary>float32 throughout.</summary>
    Fp32,

    /// <summary>float16, keys and values too; norms and softmax compute in float32.</summary>
    Fp16,

    /// <summary>Weights held in bfloat16 and computed with in float32; keys and values in float16.</summary>
    Bf16,

    /// <summary>Weights in blocks of int8 with one scale each, dequantized to float32.</summary>
    BlockInt8,

    /// <summary>Weights in blocks of int4 with one scale each, dequantized to float32; embedding and head in int8.</summary>
    BlockInt4,

    /// <summary>int8 weights by int8 activations, which are quantized anew in every call, each token by its own range.</summary>
    DynamicInt8,
}

/// <summary>The names of precisions, in commands, reports and files.</summary>
public static class GraphPrecisions
{
    private static readonly (GraphPrecision Precision, string Name, string FileSuffix)[] All =
    [
        (GraphPrecision.Fp32, "fp32", ""),
        (GraphPrecision.Fp16, "fp16", "_fp16"),
        (GraphPrecision.Bf16, "bf16", "_bf16"),
        (GraphPrecision.BlockInt8, "int8", "_int8"),
        (GraphPrecision.BlockInt4, "int4", "_q4"),
        (GraphPrecision.DynamicInt8, "int8-dynamic", "_quantized"),
    ];

    /// <summary>Every name, in the order of <see cref="GraphPrecision"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. All.Select(p => p.Name)];

    /// <summary>The name of a precision, such as <c>int4</c>.</summary>
    public static string NameOf(GraphPrecision precision) => All[(int)precision].Name;

    /// <summary>The graph's file in a model folder, such as <c>onnx/model_q4.onnx</c>; the suffixes are transformers.js's, which has none for bf16.</summary>
    public static string FileOf(GraphPrecision precision) => $"{FileNames.OnnxFolder}/model{All[(int)precision].FileSuffix}.onnx";

    /// <summary>The precisions of the graphs in a model folder, in the order of <see cref="GraphPrecision"/>.</summary>
    public static IReadOnlyList<GraphPrecision> In(string folder) =>
        [.. Enum.GetValues<GraphPrecision>().Where(p => File.Exists(Path.Combine(folder, FileOf(p))))];

    /// <summary>The precision of a name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static GraphPrecision Parse(string name) => Array.Find(All, p => p.Name == name) is { Name: not null } found
        ? found.Precision
        : throw new ArgumentException($"The precision is '{name}'; expected one of {string.Join(", ", Names)}.");
}
