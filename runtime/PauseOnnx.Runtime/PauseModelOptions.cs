using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>The hardware that computes the graph.</summary>
public enum ExecutionProvider
{
    /// <summary>ONNX Runtime's own kernels on the processor.</summary>
    Cpu,
}

/// <summary>How a model is loaded.</summary>
public sealed record PauseModelOptions
{
    /// <summary>Which of the folder's graphs to load, by the numbers that it holds.</summary>
    /// <value>null: the float32 one, or where there is none the first that is there, in the order of <see cref="GraphPrecision"/>.</value>
    public GraphPrecision? Precision { get; init; }

    /// <summary>Threads that share the work of one call.</summary>
    /// <value>null: ONNX Runtime's default, one a physical core.</value>
    public int? IntraOpThreads { get; init; }

    /// <summary>Where the graph is computed.</summary>
    /// <value><see cref="ExecutionProvider.Cpu"/>.</value>
    public ExecutionProvider ExecutionProvider { get; init; } = ExecutionProvider.Cpu;
}
