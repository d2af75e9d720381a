using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>
/// Keys and values of every layer, [B, K, P, D] float32, kept in ONNX Runtime's own memory: what a call puts out as
/// <c>present</c> is bound as the next call's <c>past</c>, without a copy. P starts at 0 and includes the pauses.
/// </summary>
/// <remarks>Owned by one batch of sequences; not thread-safe.</remarks>
internal sealed class KeyValueCache : IDisposable
{
    private readonly OrtIoBinding _binding;
    private readonly string[] _past;
    private readonly string[] _present;
    private readonly OrtValue _empty;

    /// <summary>Binds an empty past, P = 0, to every layer.</summary>
    /// <param name="binding">Where to bind; must outlive the cache, and have no output bound yet.</param>
    /// <param name="config">The shape of the model.</param>
    /// <param name="batch">B.</param>
    public KeyValueCache(OrtIoBinding binding, ModelConfig config, int batch)
    {
        _binding = binding;
        var layers = Enumerable.Range(0, config.NumHiddenLayers);
        _past = [.. layers.SelectMany(l => new[] { GraphNames.PastKey(l), GraphNames.PastValue(l) })];
        _present = [.. layers.SelectMany(l => new[] { GraphNames.PresentKey(l), GraphNames.PresentValue(l) })];
        _empty = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, TensorElementType.Float, [batch, config.NumKeyValueHeads, 0, config.HeadDim]);
        foreach (var name in _past)
        {
            binding.BindInput(name, _empty);
        }

        BindPresent();
    }

    /// <summary>Before a call: lets ONNX Runtime allocate fresh presents, as their length has changed.</summary>
    public void BindPresent()
    {
        foreach (var name in _present)
        {
            _binding.BindOutputToDevice(name, OrtMemoryInfo.DefaultInstance);
        }
    }

    /// <summary>After a call: its presents become the next call's pasts.</summary>
    public void Advance()
    {
        // In the order of binding, and these were bound first. The binding keeps what is bound to it; the handles are only ours.
        using var outputs = _binding.GetOutputValues();
        for (var i = 0; i < _past.Length; i++)
        {
            _binding.BindInput(_past[i], outputs[i]);
        }
    }

    /// <summary>Releases the empty past; the binding releases the rest.</summary>
    public void Dispose() => _empty.Dispose();
}
