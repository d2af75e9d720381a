using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>Puts an execution provider into the options of a session.</summary>
internal static class ProviderSetup
{
    /// <summary>What brings a provider that ONNX Runtime was built without.</summary>
    public const string GpuPackage = "the package Microsoft.ML.OnnxRuntime.Gpu in place of Microsoft.ML.OnnxRuntime (PauseOnnx's own programs: build with -p:OrtBackend=gpu)";

    private const string Cuda = "CUDAExecutionProvider";
    private const string TensorRt = "TensorrtExecutionProvider";

    /// <summary>Whether ONNX Runtime was built with CUDA; the machine may lack it all the same.</summary>
    public static bool HasCuda => NativeRuntime.BuiltIn.Contains(Cuda);

    /// <summary>Whether ONNX Runtime was built with TensorRT; the machine may lack it all the same.</summary>
    public static bool HasTensorRt => NativeRuntime.BuiltIn.Contains(TensorRt);

    /// <summary>Makes a provider the first choice for every node; the processor is the last.</summary>
    /// <param name="options">Of the session.</param>
    /// <param name="provider">Any but <see cref="ExecutionProvider.Auto"/>.</param>
    /// <param name="file">The graph, whose metadata TensorRT asks.</param>
    /// <exception cref="ExecutionProviderException">It is not there.</exception>
    /// <exception cref="ModelFormatException">The metadata cannot be read.</exception>
    public static void Append(SessionOptions options, ExecutionProvider provider, string file)
    {
        try
        {
            switch (provider)
            {
                case CpuProvider:
                    break;
                case CudaProvider cuda:
                    ThrowUnlessBuiltIn(provider, HasCuda);
                    AppendCuda(options, cuda);
                    break;
                case TensorRtProvider tensorRt:
                    ThrowUnlessBuiltIn(provider, HasTensorRt);
                    AppendTensorRt(options, tensorRt, OnnxMetadata.Read(file));
                    AppendCuda(options, tensorRt.Fallback);
                    break;
                case PluginProvider plugin:
                    AppendPlugin(options, plugin);
                    break;
                default:
                    throw new ArgumentException($"The provider is '{provider.Name}'; expected a certain one.", nameof(provider));
            }
        }
        catch (Exception e) when (e is OnnxRuntimeException or EntryPointNotFoundException)
        {
            throw new ExecutionProviderException($"Execution provider '{provider.Name}' cannot be used: {OneLine.Of(e.Message)}; {Advise(provider)}.", e);
        }
    }

    /// <summary>What a provider needs, as the second half of a sentence.</summary>
    public static string Advise(ExecutionProvider provider) => provider switch
    {
        CudaProvider => $"expected an NVIDIA GPU and its driver, CUDA and cuDNN of the versions that ONNX Runtime {NativeRuntime.Version} names",
        TensorRtProvider => $"expected an NVIDIA GPU and its driver, CUDA, cuDNN and TensorRT of the versions that ONNX Runtime {NativeRuntime.Version} names",
        _ => "expected what the provider's makers ask for; 'pauseonnx devices' shows what there is",
    };

    private static void ThrowUnlessBuiltIn(ExecutionProvider provider, bool isBuiltIn)
    {
        if (!isBuiltIn)
        {
            throw new ExecutionProviderException(
                $"Execution provider '{provider.Name}' is not in this build of ONNX Runtime {NativeRuntime.Version}, which has {string.Join(", ", NativeRuntime.BuiltIn)}; expected {GpuPackage}.");
        }
    }

    private static void AppendCuda(SessionOptions options, CudaProvider provider)
    {
        using var native = new OrtCUDAProviderOptions();
        native.UpdateOptions(provider.ToOptions());
        options.AppendExecutionProvider_CUDA(native);
    }

    private static void AppendTensorRt(SessionOptions options, TensorRtProvider provider, IReadOnlyDictionary<string, string> metadata)
    {
        foreach (var folder in new[] { provider.EngineCacheFolder, provider.TimingCacheFolder }.OfType<string>())
        {
            Directory.CreateDirectory(folder);
        }

        using var native = new OrtTensorRTProviderOptions();
        native.UpdateOptions(provider.ToOptions(metadata));
        options.AppendExecutionProvider_Tensorrt(native);
    }

    private static void AppendPlugin(SessionOptions options, PluginProvider plugin)
    {
        OrtEpDevice[] devices = plugin.LibraryPath is { } library
            ? [.. NativeRuntime.Register(plugin.Name, library).SelectMany(name => NativeRuntime.Devices.Where(d => d.EpName == name))]
            : [.. NativeRuntime.Devices.Where(d => NativeRuntime.IsNamed(d.EpName, plugin.Name))];
        if (devices.Length > 0)
        {
            var device = plugin.DeviceId < devices.Length
                ? devices[plugin.DeviceId]
                : throw new ExecutionProviderException($"DeviceId of execution provider '{plugin.Name}' is {plugin.DeviceId}; expected a number below {devices.Length}, as many devices as it has on this machine.");
            options.AppendExecutionProvider(NativeRuntime.Environment, [device], plugin.Options);
        }
        else if (plugin.LibraryPath is not null)
        {
            throw new ExecutionProviderException($"Execution provider '{plugin.Name}' finds no device on this machine that it can use ({plugin.LibraryPath}); {Advise(plugin)}.");
        }
        else
        {
            AppendBuiltIn(options, plugin);
        }
    }

    // Providers that are compiled in, but are no part of the plug-in interface.
    private static void AppendBuiltIn(SessionOptions options, PluginProvider plugin)
    {
        var name = NativeRuntime.BuiltIn.FirstOrDefault(n => NativeRuntime.IsNamed(n, plugin.Name))
            ?? throw new ExecutionProviderException(
                $"Execution provider '{plugin.Name}' is unknown: ONNX Runtime {NativeRuntime.Version} has {string.Join(", ", NativeRuntime.BuiltIn.Concat(NativeRuntime.Devices.Select(d => d.EpName)).Distinct())}; expected one of these, or the plug-in's library too (PluginProvider.LibraryPath, --provider {plugin.Name}=PATH).");
        options.AppendExecutionProvider(name, plugin.Options.ToDictionary());
    }
}
