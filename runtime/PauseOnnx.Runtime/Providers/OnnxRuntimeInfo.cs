using Microsoft.ML.OnnxRuntime;

namespace PauseOnnx.Runtime;

/// <summary>What the app's ONNX Runtime can compute with on this machine.</summary>
public sealed record OnnxRuntimeInfo
{
    /// <summary>Such as <c>1.31.1</c>.</summary>
    public required string Version { get; init; }

    /// <summary>
    /// Full names of the providers that it was built with, such as <c>CPUExecutionProvider</c>. The machine may lack what one
    /// of them needs all the same: only loading a model tells.
    /// </summary>
    public required IReadOnlyList<string> BuiltIn { get; init; }

    /// <summary>The processor, and the devices that registered plug-ins offer.</summary>
    public required IReadOnlyList<ProviderDevice> Devices { get; init; }

    /// <summary>
    /// What each of <see cref="ExecutionProvider.Cpu"/>, <see cref="ExecutionProvider.Cuda"/> and
    /// <see cref="ExecutionProvider.TensorRt"/> lacks in this build, a sentence each; null for nothing.
    /// </summary>
    public required IReadOnlyDictionary<ExecutionProvider, string?> Lacks { get; init; }

    /// <summary>Asks ONNX Runtime.</summary>
    /// <param name="plugins">Plug-ins to register first; they stay registered until the process ends.</param>
    /// <exception cref="ExecutionProviderException">There is no native ONNX Runtime, or a library is missing or no plug-in.</exception>
    public static OnnxRuntimeInfo Read(params ReadOnlySpan<PluginProvider> plugins)
    {
        foreach (var plugin in plugins)
        {
            if (plugin.LibraryPath is { } library)
            {
                NativeRuntime.Register(plugin.Name, library);
            }
        }

        return new OnnxRuntimeInfo
        {
            Version = NativeRuntime.Version,
            BuiltIn = NativeRuntime.BuiltIn,
            Devices = [.. NativeRuntime.Devices.GroupBy(d => d.EpName).SelectMany(g => g.Select(ProviderDevice.Of))],
            Lacks = new Dictionary<ExecutionProvider, string?>
            {
                [ExecutionProvider.Cpu] = null,
                [ExecutionProvider.Cuda] = ProviderSetup.HasCuda ? null : ProviderSetup.GpuPackage,
                [ExecutionProvider.TensorRt] = ProviderSetup.HasTensorRt ? null : ProviderSetup.GpuPackage,
            },
        };
    }
}

/// <summary>A device that a provider offers.</summary>
public sealed record ProviderDevice
{
    /// <summary>The provider's full name, such as <c>CPUExecutionProvider</c>.</summary>
    public required string Provider { get; init; }

    /// <summary>The provider's own number for it, counted from 0: <see cref="PluginProvider.DeviceId"/>.</summary>
    public required int DeviceId { get; init; }

    /// <summary>Who made the provider.</summary>
    public required string ProviderVendor { get; init; }

    /// <summary><c>CPU</c>, <c>GPU</c> or <c>NPU</c>.</summary>
    public required string Kind { get; init; }

    /// <summary>Who made the device.</summary>
    public required string Vendor { get; init; }

    /// <summary>What provider and system say besides, in their own words: versions, memory, driver.</summary>
    public required IReadOnlyDictionary<string, string> Metadata { get; init; }

    internal static ProviderDevice Of(OrtEpDevice device, int id) => new()
    {
        Provider = device.EpName,
        DeviceId = id,
        ProviderVendor = device.EpVendor,
        Kind = device.HardwareDevice.Type.ToString(),
        Vendor = device.HardwareDevice.Vendor,
        Metadata = new SortedDictionary<string, string>(
            device.HardwareDevice.Metadata.Entries.Concat(device.EpMetadata.Entries).DistinctBy(m => m.Key).ToDictionary(), StringComparer.Ordinal),
    };
}
