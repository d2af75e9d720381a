namespace PauseOnnx.Runtime;

/// <summary>
/// Any other provider: one from a plug-in library, such as that of the package Microsoft.ML.OnnxRuntime.EP.WebGpu, or one
/// that the app's own build of ONNX Runtime has.
/// </summary>
/// <param name="Name">
/// The provider's name as <c>pauseonnx devices</c> shows it, with or without <c>ExecutionProvider</c> at its end, in any case.
/// With a <see cref="LibraryPath"/>, the name under which that is registered; any will do.
/// </param>
/// <remarks>
/// A library stays registered, and loaded, until the process ends. See
/// <see href="https://onnxruntime.ai/docs/execution-providers/plugin-ep-libraries/usage.html">how plug-ins are used</see>.
/// </remarks>
public sealed record PluginProvider(string Name) : ExecutionProvider
{
    /// <inheritdoc/>
    public override string Name { get; } = Name;

    /// <summary>The plug-in's library.</summary>
    /// <value>null: the provider is part of ONNX Runtime, or the app has registered its library.</value>
    public string? LibraryPath { get; init; }

    /// <summary>Which of the provider's devices, counted from 0 in the order of <c>pauseonnx devices</c>.</summary>
    /// <value>0.</value>
    public int DeviceId { get; init; }

    /// <summary>Options in the provider's own words, which only its makers document.</summary>
    /// <value>Empty.</value>
    public IReadOnlyDictionary<string, string> Options { get; init; } = new Dictionary<string, string>();

    /// <inheritdoc/>
    internal override IEnumerable<string> FindFaults()
    {
        if (string.IsNullOrWhiteSpace(Name))
        {
            yield return $"PluginProvider.Name is '{Name}'; expected the name of a provider";
        }

        if (LibraryPath is not null && string.IsNullOrWhiteSpace(LibraryPath))
        {
            yield return $"PluginProvider.LibraryPath is '{LibraryPath}'; expected the path of a library, or null";
        }

        if (DeviceId < 0)
        {
            yield return $"PluginProvider.DeviceId is {DeviceId}; expected at least 0";
        }
    }
}
