using Microsoft.ML.OnnxRuntime;

namespace PauseOnnx.Runtime;

/// <summary>The native ONNX Runtime that the app has brought, and the plug-ins registered with it.</summary>
/// <remarks>One a process. Thread-safe.</remarks>
internal static class NativeRuntime
{
    private static readonly Lock Gate = new();
    private static readonly Dictionary<string, string[]> ProvidersOfLibraries = [];

    /// <summary>ONNX Runtime's environment.</summary>
    /// <exception cref="ExecutionProviderException">The app has brought none, or one that cannot be loaded.</exception>
    public static OrtEnv Environment
    {
        get
        {
            try
            {
                return OrtEnv.Instance();
            }
            catch (Exception e) when (e is TypeInitializationException or DllNotFoundException or EntryPointNotFoundException)
            {
                throw new ExecutionProviderException(
                    $"The native ONNX Runtime cannot be loaded: {OneLine.Of((e.InnerException ?? e).Message)}; expected the package Microsoft.ML.OnnxRuntime or Microsoft.ML.OnnxRuntime.Gpu in the app, of the version of Microsoft.ML.OnnxRuntime.Managed.", e);
            }
        }
    }

    /// <summary>Such as <c>1.31.1</c>.</summary>
    public static string Version => Environment.GetVersionString();

    /// <summary>The providers that it was built with, by their full names such as <c>CPUExecutionProvider</c>.</summary>
    public static IReadOnlyList<string> BuiltIn => Environment.GetAvailableProviders();

    /// <summary>What providers offer: the processor, and the devices of plug-ins.</summary>
    public static IReadOnlyList<OrtEpDevice> Devices => Environment.GetEpDevices();

    /// <summary>Whether <paramref name="fullName"/> is <paramref name="name"/>, with or without its usual end, in any case.</summary>
    public static bool IsNamed(string fullName, string name) =>
        fullName.Equals(name, StringComparison.OrdinalIgnoreCase) || fullName.Equals($"{name}ExecutionProvider", StringComparison.OrdinalIgnoreCase);

    /// <summary>Registers a plug-in's library, once for each path.</summary>
    /// <param name="name">The name to register it under.</param>
    /// <param name="path">The library.</param>
    /// <returns>The full names of the providers that have devices on this machine; empty where there is no device.</returns>
    /// <exception cref="ExecutionProviderException">It is missing, or no plug-in that this version can load.</exception>
    public static IReadOnlyList<string> Register(string name, string path)
    {
        var full = Path.GetFullPath(path);
        if (!File.Exists(full))
        {
            throw new ExecutionProviderException($"The library of execution provider '{name}' is '{full}', which does not exist; expected the library of a plug-in provider.");
        }

        lock (Gate)
        {
            if (ProvidersOfLibraries.TryGetValue(full, out var known))
            {
                return known;
            }

            var before = Devices.Select(d => d.EpName).ToHashSet();
            try
            {
                Environment.RegisterExecutionProviderLibrary(name, full);
            }
            catch (OnnxRuntimeException e)
            {
                throw new ExecutionProviderException($"ONNX Runtime {Version} refuses the library of execution provider '{name}': {OneLine.Of(e.Message)} ({full}); expected a plug-in provider for this version.", e);
            }

            return ProvidersOfLibraries[full] = [.. Devices.Select(d => d.EpName).Distinct().Where(n => !before.Contains(n))];
        }
    }
}
