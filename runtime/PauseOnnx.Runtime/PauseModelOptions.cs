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
    /// <summary>Threads that share the work of one call.</summary>
    /// <value>null: ONNX Runtime's default, one a physical core.</value>
    public int? IntraOpThreads { get; init; }

    /// <summary>Where the graph is computed.</summary>
    /// <value><see cref="ExecutionProvider.Cpu"/>.</value>
    public ExecutionProvider ExecutionProvider { get; init; } = ExecutionProvider.Cpu;
}
