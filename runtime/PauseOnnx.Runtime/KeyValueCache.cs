using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>
/// Keys and values of every layer, [B, K, P, D] float32 or float16, bound to the graph; P starts at 0 and includes the pauses.
/// A growing cache lies in ONNX Runtime's own memory: what a call puts out as <c>present</c> is bound as the next call's
/// <c>past</c>, without a copy. A shared one is a buffer of ours for each pair, bound once to both, which the graph fills.
/// </summary>
/// <remarks>Owned by one batch of sequences; not thread-safe.</remarks>
internal sealed class KeyValueCache : IDisposable
{
    private readonly OrtIoBinding _binding;
    private readonly bool _isShared;
    private readonly string[] _past;
    private readonly string[] _present;
    private readonly List<OrtValue> _owned = [];

    /// <summary>Binds a past of P = 0, or buffers of which none is read before it is filled.</summary>
    /// <param name="binding">Where to bind; must outlive the cache, and have no output bound yet.</param>
    /// <param name="config">The shape of the model.</param>
    /// <param name="layout">How the graph takes and gives the cache.</param>
    /// <param name="batch">B.</param>
    /// <param name="length">Positions of a shared cache's buffers, left padding and pauses included.</param>
    /// <exception cref="InsufficientMemoryException">The buffers do not fit into memory.</exception>
    public KeyValueCache(OrtIoBinding binding, ModelConfig config, CacheLayout layout, int batch, int length)
    {
        (_binding, _isShared) = (binding, layout.IsShared);
        var layers = Enumerable.Range(0, config.NumHiddenLayers);
        _past = [.. layers.SelectMany(l => new[] { GraphNames.PastKey(l), GraphNames.PastValue(l) })];
        _present = [.. layers.SelectMany(l => new[] { GraphNames.PresentKey(l), GraphNames.PresentValue(l) })];
        long[] shape = [batch, config.NumKeyValueHeads, _isShared ? length : 0, config.HeadDim];
        try
        {
            for (var i = 0; i < _past.Length; i++)
            {
                var value = Own(OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, layout.Type, shape));
                binding.BindInput(_past[i], value);
                if (_isShared)
                {
                    binding.BindOutput(_present[i], value);
                }
            }
        }
        catch (OnnxRuntimeException e)
        {
            Dispose();
            throw new InsufficientMemoryException($"The keys and values of {batch} sequences of {length} positions do not fit into memory; expected fewer prompts or a smaller MaxNewTokens.", e);
        }

        BindPresent();
    }

    /// <summary>Before a call: lets ONNX Runtime allocate fresh presents where their length has changed.</summary>
    public void BindPresent()
    {
        if (_isShared)
        {
            return;
        }

        foreach (var name in _present)
        {
            _binding.BindOutputToDevice(name, OrtMemoryInfo.DefaultInstance);
        }
    }

    /// <summary>After a call: its presents become the next call's pasts.</summary>
    public void Advance()
    {
        if (_isShared)
        {
            return;
        }

        // In the order of binding, and these were bound first. The binding keeps what is bound to it; the handles are only ours.
        using var outputs = _binding.GetOutputValues();
        for (var i = 0; i < _past.Length; i++)
        {
            _binding.BindInput(_past[i], outputs[i]);
        }
    }

    /// <summary>Releases the first past or the buffers; the binding releases the rest.</summary>
    public void Dispose() => _owned.ForEach(value => value.Dispose());

    private OrtValue Own(OrtValue value)
    {
        _owned.Add(value);
        return value;
    }
}
