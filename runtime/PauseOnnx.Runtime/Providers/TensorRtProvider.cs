using System.Globalization;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>
/// An NVIDIA GPU by TensorRT, which builds an engine for the graph; needs the package Microsoft.ML.OnnxRuntime.Gpu and
/// TensorRT. What TensorRT does not take, CUDA computes.
/// </summary>
/// <remarks>
/// <para>
/// The lengths that the engine is built for come from the file's metadata, where <c>pauseonnx export --target tensorrt</c>
/// writes them. A file without them has an engine built anew, for minutes, whenever a sequence gets longer than any before;
/// that is logged as a warning.
/// </para>
/// <para>See <see href="https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html">the provider's options</see>.</para>
/// </remarks>
public sealed record TensorRtProvider : ExecutionProvider
{
    /// <summary>The options that hold the engine's lengths; in the metadata after <see cref="MetadataNames.Prefix"/>.</summary>
    private static readonly string[] Profiles = ["trt_profile_min_shapes", "trt_profile_opt_shapes", "trt_profile_max_shapes"];

    /// <inheritdoc/>
    public override string Name => "tensorrt";

    /// <summary>Which GPU, counted from 0.</summary>
    /// <value>0.</value>
    public int DeviceId { get; init; }

    /// <summary>Bytes of GPU memory that one model may take besides TensorRT's engine.</summary>
    /// <value>null: as many as there are.</value>
    public long? MemoryLimit { get; init; }

    /// <summary>Whether TensorRT may compute a float32 graph in float16 where that is faster.</summary>
    /// <value>false.</value>
    public bool Fp16 { get; init; }

    /// <summary>A folder that keeps the engine, so that it is built once for a file, GPU and version; made where it is missing.</summary>
    /// <value>null: the engine is built at each load.</value>
    public string? EngineCacheFolder { get; init; }

    /// <summary>A folder that keeps the times of kernels, so that the next engine is built faster; made where it is missing.</summary>
    /// <value>null: none are kept.</value>
    public string? TimingCacheFolder { get; init; }

    /// <summary>CUDA on the same GPU, for what TensorRT does not take.</summary>
    internal CudaProvider Fallback => new() { DeviceId = DeviceId, MemoryLimit = MemoryLimit };

    /// <inheritdoc/>
    internal override IEnumerable<string> FindFaults()
    {
        if (DeviceId < 0)
        {
            yield return $"TensorRtProvider.DeviceId is {DeviceId}; expected at least 0";
        }

        if (MemoryLimit is <= 0)
        {
            yield return $"TensorRtProvider.MemoryLimit is {MemoryLimit}; expected a number of bytes above 0, or null";
        }

        foreach (var (name, folder) in new[] { (nameof(EngineCacheFolder), EngineCacheFolder), (nameof(TimingCacheFolder), TimingCacheFolder) })
        {
            if (folder is not null && (string.IsNullOrWhiteSpace(folder) || File.Exists(folder)))
            {
                yield return $"TensorRtProvider.{name} is '{folder}'; expected a folder, or null";
            }
        }
    }

    /// <summary>Whether a file says for which lengths the engine is to be built.</summary>
    internal static bool HasProfiles(IReadOnlyDictionary<string, string> metadata) => Profiles.All(p => metadata.ContainsKey(MetadataNames.Prefix + p));

    /// <summary>The options in ONNX Runtime's words.</summary>
    /// <param name="metadata">metadata_props of the file.</param>
    internal Dictionary<string, string> ToOptions(IReadOnlyDictionary<string, string> metadata)
    {
        var options = new Dictionary<string, string>
        {
            ["device_id"] = DeviceId.ToString(CultureInfo.InvariantCulture),
            ["trt_fp16_enable"] = Fp16 ? "1" : "0",
        };
        if (EngineCacheFolder is { } engines)
        {
            (options["trt_engine_cache_enable"], options["trt_engine_cache_path"]) = ("1", engines);
        }

        if (TimingCacheFolder is { } times)
        {
            (options["trt_timing_cache_enable"], options["trt_timing_cache_path"]) = ("1", times);
        }

        if (HasProfiles(metadata))
        {
            foreach (var profile in Profiles)
            {
                options[profile] = metadata[MetadataNames.Prefix + profile];
            }
        }

        return options;
    }
}
