using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Proof;

/// <summary>How a file is run.</summary>
internal sealed record DecoderSettings
{
    /// <summary>Whether past and present are one buffer.</summary>
    public bool HasSharedCache { get; init; }

    /// <summary>Positions that the buffer has, where the graph leaves them to the host.</summary>
    public int MaxLength { get; init; }

    /// <summary>A pause count to give instead of the file's own; null for the file's own.</summary>
    public int? PauseCount { get; init; }

    /// <summary>Whether weights stay in the mapped file rather than being packed for speed.</summary>
    public bool IsFrugal { get; init; }

    /// <summary>
    /// Whether shapes and types are checked, and blocks of integers multiplied by float32, so that only the weights' own error
    /// is seen; else as hosts do it, who let ONNX Runtime round the states.
    /// </summary>
    /// <value>Default: true.</value>
    public bool IsStrict { get; init; } = true;

    /// <summary>Threads of a call.</summary>
    /// <value>Default: 0, ONNX Runtime's choice.</value>
    public int Threads { get; init; }
}

/// <summary>
/// An exported file run as any host runs it: a first call without a past, then decode steps that feed each present back as
/// past. The host counts its own tokens in the mask and knows nothing of pauses.
/// </summary>
internal sealed class DecoderSession : IDisposable
{
    private readonly InferenceSession _session;
    private readonly ModelConfig _config;
    private readonly DecoderSettings _settings;
    private readonly string[] _past;
    private readonly string[] _present;
    private OrtValue[] _cache = [];

    /// <summary>Loads a file.</summary>
    /// <exception cref="OnnxRuntimeException">ONNX Runtime refuses the file, or its shapes and types.</exception>
    public DecoderSession(string file, ModelConfig config, DecoderSettings settings)
    {
        using var options = new SessionOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_ERROR, IntraOpNumThreads = settings.Threads };
        options.AddSessionConfigEntry("session.disable_prepacking", settings.IsFrugal ? "1" : "0");
        if (settings.IsStrict)
        {
            options.AddSessionConfigEntry("session.strict_shape_type_inference", "1");
            options.AddSessionConfigEntry("session.qdq_matmulnbits_accuracy_level", "1");
        }

        _session = new InferenceSession(file, options);
        (_config, _settings, PauseCount) = (config, settings, settings.PauseCount);
        _past = [.. Layers(GraphNames.PastKey, GraphNames.PastValue)];
        _present = [.. Layers(GraphNames.PresentKey, GraphNames.PresentValue)];
    }

    /// <summary>The pause count that calls give; to be changed before a first call only. null where the file's own is taken.</summary>
    public int? PauseCount { get; set; }

    /// <summary>Runs one call.</summary>
    /// <param name="batch">B.</param>
    /// <param name="ids">int64 [B, T].</param>
    /// <param name="mask">int64 [B, all tokens so far], pauses not counted.</param>
    /// <returns>Logits and their shape [B, T_out, V].</returns>
    public (float[] Logits, long[] Shape) Run(int batch, long[] ids, long[] mask)
    {
        _cache = _cache.Length > 0 ? _cache : Allocate(batch);
        using var binding = _session.CreateIoBinding();
        using var idsValue = OrtValue.CreateTensorValueFromMemory(ids, [batch, ids.Length / batch]);
        using var maskValue = OrtValue.CreateTensorValueFromMemory(mask, [batch, mask.Length / batch]);
        using var pauses = OrtValue.CreateTensorValueFromMemory([(long)(PauseCount ?? 0)], []);
        binding.BindInput(GraphNames.InputIds, idsValue);
        binding.BindInput(GraphNames.AttentionMask, maskValue);
        if (PauseCount is not null)
        {
            binding.BindInput(GraphNames.PauseCount, pauses);
        }

        binding.BindOutputToDevice(GraphNames.Logits, OrtMemoryInfo.DefaultInstance);
        for (var i = 0; i < _past.Length; i++)
        {
            binding.BindInput(_past[i], _cache[i]);
            if (_settings.HasSharedCache)
            {
                binding.BindOutput(_present[i], _cache[i]);
            }
            else
            {
                binding.BindOutputToDevice(_present[i], OrtMemoryInfo.DefaultInstance);
            }
        }

        using var options = new RunOptions();
        _session.RunWithBinding(options, binding);
        OrtValue[] outputs = [.. binding.GetOutputValues()];
        using var logits = outputs[0];
        if (_settings.HasSharedCache)
        {
            Array.ForEach(outputs[1..], o => o.Dispose());
        }
        else
        {
            Reset();
            _cache = outputs[1..];
        }

        return (logits.GetTensorDataAsSpan<float>().ToArray(), logits.GetTensorTypeAndShape().Shape);
    }

    /// <summary>Forgets the past: the next call is a first call.</summary>
    public void Reset()
    {
        Array.ForEach(_cache, v => v.Dispose());
        _cache = [];
    }

    public void Dispose()
    {
        Reset();
        _session.Dispose();
    }

    // [B, K, 0, D], or the whole buffer. What a buffer holds beyond its P positions must not matter, so it is no number.
    private OrtValue[] Allocate(int batch)
    {
        var type = _session.InputMetadata[_past[0]].ElementDataType;
        var maxLength = _session.InputMetadata[_past[0]].Dimensions[2] is > 0 and var length ? length : _settings.MaxLength;
        long[] shape = [batch, _config.NumKeyValueHeads, _settings.HasSharedCache ? maxLength : 0, _config.HeadDim];
        return [.. _past.Select(_ =>
        {
            var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, type, shape);
            if (type == TensorElementType.Float16)
            {
                value.GetTensorMutableDataAsSpan<Float16>().Fill(Float16.NaN);
            }
            else
            {
                value.GetTensorMutableDataAsSpan<float>().Fill(float.NaN);
            }

            return value;
        })];
    }

    private IEnumerable<string> Layers(Func<int, string> key, Func<int, string> value) =>
        Enumerable.Range(0, _config.NumHiddenLayers).SelectMany(layer => new[] { key(layer), value(layer) });
}
