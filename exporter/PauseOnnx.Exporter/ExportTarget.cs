using PauseOnnx.Exporter.Passes;

namespace PauseOnnx.Exporter;

/// <summary>The kind of host a graph is lowered for.</summary>
public enum ExportTarget
{
    /// <summary>Every host: operators of opset 17, growing cache.</summary>
    Portable,

    /// <summary>Current runtimes and the web: opset 23 with Attention, RotaryEmbedding and RMSNormalization, growing cache.</summary>
    Standard,

    /// <summary>Hosts that own the cache, such as PauseOnnx.Runtime: opset 24, past and present are one buffer.</summary>
    SharedCache,

    /// <summary>onnxruntime-genai: GroupQueryAttention of com.microsoft over a shared buffer, with genai_config.json.</summary>
    GenAI,

    /// <summary>TensorRT and CUDA providers: as portable, without functions, with shape profiles in the metadata.</summary>
    TensorRT,

    /// <summary>NVIDIA Triton Inference Server and KServe: a model repository around the portable form.</summary>
    Triton,
}

/// <summary>The names of targets, in commands, reports and files.</summary>
public static class ExportTargets
{
    /// <summary>Every name, in the order of <see cref="ExportTarget"/>.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. Enum.GetValues<ExportTarget>().Select(NameOf)];

    /// <summary>The name of a target, such as <c>shared-cache</c>.</summary>
    public static string NameOf(ExportTarget target) => Targets.Of(target).Name;

    /// <summary>The target of a name.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ExportTarget Parse(string name) => Names.ToList().IndexOf(name) is >= 0 and var index
        ? (ExportTarget)index
        : throw new ArgumentException($"The target is '{name}'; expected one of {string.Join(", ", Names)}.");
}

/// <summary>Which positions get logits.</summary>
public enum LogitsOf
{
    /// <summary>The last one, after the pauses, on the first call; all new ones later.</summary>
    Delayed,

    /// <summary>The last one of every call.</summary>
    Last,

    /// <summary>All new ones, pauses too: to score a text.</summary>
    All,
}
