using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Proof;

/// <summary>
/// An exported file run as any host runs it: a first call without a past, then decode steps that feed each present back as
/// past. The host counts its own tokens in the mask and knows nothing of pauses.
/// </summary>
internal sealed class DecoderSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly ModelConfig _config;
    private readonly string[] _outputNames;
    private readonly string[] _inputNames;
    private readonly OrtValue? _pauseCount;
    private IDisposableReadOnlyCollection<OrtValue>? _present;

    /// <summary>Loads a file.</summary>
    /// <param name="file">The ONNX file.</param>
    /// <param name="config">Its model's shape.</param>
    /// <param name="pauseCount">A pause count to give instead of the file's own; null for the file's own.</param>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the file.</exception>
    public DecoderSession(string file, ModelConfig config, int? pauseCount)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR };
        _session = new InferenceSession(file, options);
        _config = config;
        string[] inputs = [GraphNames.InputIds, GraphNames.AttentionMask, .. Layers(GraphNames.PastKey, GraphNames.PastValue)];
        _inputNames = pauseCount is null ? inputs : [.. inputs, GraphNames.PauseCount];
        _outputNames = [GraphNames.Logits, .. Layers(GraphNames.PresentKey, GraphNames.PresentValue)];
        _pauseCount = pauseCount is { } count ? OrtValue.CreateTensorValueFromMemory([(long)count], []) : null;
    }

    /// <summary>Runs one call.</summary>
    /// <param name="batch">B.</param>
    /// <param name="ids">int64 [B, T].</param>
    /// <param name="mask">int64 [B, all tokens so far], pauses not counted.</param>
    /// <returns>Logits and their shape [B, T_out, V].</returns>
    public (float[] Logits, long[] Shape) Run(int batch, long[] ids, long[] mask)
    {
        using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, [batch, ids.Length / batch]);
        using var maskValue = OrtValue.CreateTensorValueFromMemory(mask, [batch, mask.Length / batch]);
        using var empty = OrtValue.CreateAllocatedTensorValue(
            OrtAllocator.DefaultInstance, Microsoft.ML.OnnxRuntime.Tensors.TensorElementType.Float, [batch, _config.NumKeyValueHeads, 0, _config.HeadDim]);
        var past = _present?.Skip(1) ?? Enumerable.Repeat(empty, 2 * _config.NumHiddenLayers);
        OrtValue[] inputs = [idsValue, maskValue, .. past, .. _pauseCount is null ? Array.Empty<OrtValue>() : [_pauseCount]];

        using var options = new RunOptions();
        var outputs = _session.Run(options, _inputNames, inputs, _outputNames);
        _present?.Dispose();
        _present = outputs;
        return (outputs[0].GetTensorDataAsSpan<float>().ToArray(), outputs[0].GetTensorTypeAndShape().Shape);
    }

    /// <summary>Forgets the past: the next call is a first call.</summary>
    public void Reset()
    {
        _present?.Dispose();
        _present = null;
    }

    public void Dispose()
    {
        Reset();
        _pauseCount?.Dispose();
        _session.Dispose();
    }

    private IEnumerable<string> Layers(Func<int, string> key, Func<int, string> value) =>
        Enumerable.Range(0, _config.NumHiddenLayers).SelectMany(layer => new[] { key(layer), value(layer) });
}
