using System.Globalization;

namespace PauseOnnx.Runtime;

/// <summary>An NVIDIA GPU by CUDA; needs the package Microsoft.ML.OnnxRuntime.Gpu.</summary>
/// <remarks>
/// <para>Keys and values stay in the GPU's memory; ids and the mask go there, logits come back.</para>
/// <para>
/// CUDA graphs are not offered: a captured graph repeats calls of one shape, and here each step's mask is longer than the
/// last one's.
/// </para>
/// <para>See <see href="https://onnxruntime.ai/docs/execution-providers/CUDA-ExecutionProvider.html">the provider's options</see>.</para>
/// </remarks>
public sealed record CudaProvider : ExecutionProvider
{
    /// <inheritdoc/>
    public override string Name => "cuda";

    /// <summary>Which GPU, counted from 0.</summary>
    /// <value>0.</value>
    public int DeviceId { get; init; }

    /// <summary>Bytes of GPU memory that one model may take for weights, keys, values and its work.</summary>
    /// <value>null: as many as there are.</value>
    public long? MemoryLimit { get; init; }

    /// <summary>
    /// Whether float32 matrices may be multiplied in TF32, with 10 bits of mantissa: faster, and further from the other
    /// providers' logits than 1e-4.
    /// </summary>
    /// <value>false.</value>
    public bool AllowTensorFloat32 { get; init; }

    /// <inheritdoc/>
    internal override IEnumerable<string> FindFaults()
    {
        if (DeviceId < 0)
        {
            yield return $"CudaProvider.DeviceId is {DeviceId}; expected at least 0";
        }

        if (MemoryLimit is <= 0)
        {
            yield return $"CudaProvider.MemoryLimit is {MemoryLimit}; expected a number of bytes above 0, or null";
        }
    }

    /// <summary>The options in ONNX Runtime's words.</summary>
    internal Dictionary<string, string> ToOptions()
    {
        var options = new Dictionary<string, string>
        {
            ["device_id"] = DeviceId.ToString(CultureInfo.InvariantCulture),
            ["use_tf32"] = AllowTensorFloat32 ? "1" : "0",
        };
        if (MemoryLimit is { } bytes)
        {
            options["gpu_mem_limit"] = bytes.ToString(CultureInfo.InvariantCulture);
        }

        return options;
    }
}
