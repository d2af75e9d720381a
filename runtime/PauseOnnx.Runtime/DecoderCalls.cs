using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>The calls of the graph for one batch of sequences: first the prompts, then one token a sequence.</summary>
/// <remarks>Not thread-safe. A call that fails or is cancelled leaves the cache as it was, so it can be repeated.</remarks>
internal sealed class DecoderCalls : IDisposable
{
    private readonly Stack<IDisposable> _owned = [];
    private readonly DecoderSession _session;
    private readonly int _batch;
    private readonly float[] _logits;
    private readonly long[] _idsShape;
    private readonly long[] _maskShape;
    private readonly RunOptions _runOptions;
    private readonly OrtIoBinding _binding;
    private readonly KeyValueCache _cache;
    private readonly OrtValue _logitsValue;
    private bool _hasRun;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="session">The graph; retained until <see cref="Dispose"/>.</param>
    /// <param name="batch">B.</param>
    /// <param name="pauseCount">M_inf; the graph's own unless that is dynamic.</param>
    /// <param name="length">Positions that the longest sequence will have, left padding and pauses included.</param>
    /// <exception cref="InsufficientMemoryException">The keys and values do not fit into memory.</exception>
    public DecoderCalls(DecoderSession session, int batch, int pauseCount, int length)
    {
        var vocabSize = session.Config.OrdinaryVocabSize;
        (_session, _batch, _idsShape, _maskShape) = (session, batch, [batch, 0], [batch, 0]);
        _logits = new float[batch * vocabSize];
        session.Retain();
        try
        {
            _runOptions = Own(new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL });
            _binding = Own(session.CreateBinding());
            _cache = Own(new KeyValueCache(_binding, session.Config, session.Cache, batch, length));

            // The first call puts out one position a sequence, the last pause, or all where the graph was exported so. Every
            // later call has one new token: one buffer serves them all.
            _binding.BindOutputToDevice(GraphNames.Logits, OrtMemoryInfo.DefaultInstance);
            _logitsValue = Own(OrtValue.CreateTensorValueFromMemory(_logits, [batch, 1, vocabSize]));
            if (session.IsPauseCountDynamic)
            {
                _binding.BindInput(GraphNames.PauseCount, Own(OrtValue.CreateTensorValueFromMemory(new long[] { pauseCount }, [])));
            }
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>Feeds T new tokens a sequence.</summary>
    /// <param name="ids">[B, T].</param>
    /// <param name="attentionMask">[B, P_host + T]: 1 = real, 0 = padding; pauses are not counted.</param>
    /// <param name="cancellationToken">Ends the call inside ONNX Runtime, between two operators.</param>
    /// <returns>Logits [B, V] float32 after the last position; valid until the next call.</returns>
    /// <exception cref="OperationCanceledException">Cancelled; the call can be repeated.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed.</exception>
    public ReadOnlySpan<float> Run(Memory<long> ids, Memory<long> attentionMask, CancellationToken cancellationToken)
    {
        (_idsShape[1], _maskShape[1]) = (ids.Length / _batch, attentionMask.Length / _batch);
        using var idsValue = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, ids, _idsShape);
        using var maskValue = OrtValue.CreateTensorValueFromMemory(OrtMemoryInfo.DefaultInstance, attentionMask, _maskShape);
        _binding.BindInput(GraphNames.InputIds, idsValue);
        _binding.BindInput(GraphNames.AttentionMask, maskValue);
        _cache.BindPresent();
        RunGraph(cancellationToken);
        _cache.Advance();
        if (!_hasRun)
        {
            KeepLastLogits();
            _hasRun = true;
        }

        return _logits;
    }

    /// <summary>Releases every native value, then the graph.</summary>
    public void Dispose()
    {
        while (_owned.TryPop(out var resource))
        {
            resource.Dispose();
        }

        _session.Release();
    }

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Push(resource);
        return resource;
    }

    // [B, T_out, V] -> [B, V], and the buffer for the later calls.
    private void KeepLastLogits()
    {
        using var outputs = _binding.GetOutputValues();
        var found = outputs[outputs.Count - 1].GetTensorDataAsSpan<float>();
        var (all, last) = (found.Length / _batch, _logits.Length / _batch);
        for (var b = 0; b < _batch; b++)
        {
            found.Slice(((b + 1) * all) - last, last).CopyTo(_logits.AsSpan(b * last));
        }

        _binding.BindOutput(GraphNames.Logits, _logitsValue);
    }

    private void RunGraph(CancellationToken cancellationToken)
    {
        _runOptions.Terminate = false;
        using var registration = cancellationToken.UnsafeRegister(static options => ((RunOptions)options!).Terminate = true, _runOptions);
        try
        {
            _session.Run(_runOptions, _binding);
        }
        catch (OnnxRuntimeException e) when (cancellationToken.IsCancellationRequested)
        {
            throw new OperationCanceledException("Generation was cancelled inside a call of the graph.", e, cancellationToken);
        }
        catch (OnnxRuntimeException e)
        {
            throw new InvalidOperationException($"ONNX Runtime failed in a call of the graph: {e.Message}", e);
        }
    }
}
