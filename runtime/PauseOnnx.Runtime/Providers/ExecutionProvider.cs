namespace PauseOnnx.Runtime;

/// <summary>
/// What computes the graph: <see cref="Auto"/>, <see cref="Cpu"/>, or one with options of its own, <see cref="CudaProvider"/>,
/// <see cref="TensorRtProvider"/> or <see cref="PluginProvider"/>. The native library comes with a package that the app
/// chooses, Microsoft.ML.OnnxRuntime or Microsoft.ML.OnnxRuntime.Gpu; this library brings none.
/// </summary>
/// <remarks>Immutable.</remarks>
public abstract record ExecutionProvider
{
    private protected ExecutionProvider()
    {
    }

    /// <summary>
    /// CUDA where the package and the machine have it, else the processor, which is said through
    /// <see cref="PauseModelOptions.LoggerFactory"/>. TensorRT is not tried, as it may build an engine for minutes; nor are
    /// plug-ins, as only their names say what they are good for.
    /// </summary>
    public static ExecutionProvider Auto { get; } = new AutoProvider();

    /// <summary>ONNX Runtime's own kernels on the processor.</summary>
    public static ExecutionProvider Cpu { get; } = new CpuProvider();

    /// <summary>The first NVIDIA GPU, with the defaults of <see cref="CudaProvider"/>.</summary>
    public static ExecutionProvider Cuda { get; } = new CudaProvider();

    /// <summary>TensorRT on the first NVIDIA GPU, with the defaults of <see cref="TensorRtProvider"/>.</summary>
    public static ExecutionProvider TensorRt { get; } = new TensorRtProvider();

    /// <summary><c>auto</c>, <c>cpu</c>, <c>cuda</c>, <c>tensorrt</c>, or a plug-in's name.</summary>
    public abstract string Name { get; }

    /// <summary>Options out of range, one sentence each.</summary>
    internal virtual IEnumerable<string> FindFaults() => [];
}

/// <summary><see cref="ExecutionProvider.Auto"/>.</summary>
internal sealed record AutoProvider : ExecutionProvider
{
    /// <inheritdoc/>
    public override string Name => "auto";
}

/// <summary><see cref="ExecutionProvider.Cpu"/>.</summary>
internal sealed record CpuProvider : ExecutionProvider
{
    /// <inheritdoc/>
    public override string Name => "cpu";
}
