using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>
/// The calls of the graph for one batch of sequences: first the prompts, then further tokens. It knows what every position
/// holds, the pauses too, whether the graph appended them or they were fed.
/// </summary>
/// <remarks>
/// Not thread-safe. A call that fails or is cancelled leaves everything as it was, so it can be repeated. A call with one
/// token a sequence allocates nothing.
/// </remarks>
internal sealed unsafe class DecoderCalls : IDisposable
{
    private readonly Stack<IDisposable> _owned = [];
    private readonly DecoderSession _session;
    private readonly RunOptions _runOptions;
    private readonly OrtIoBinding _binding;
    private readonly KeyValueCache _cache;
    private readonly AttentionMask _mask;
    private readonly LogitsBuffer _logits;
    private readonly nint[] _outputs;
    private long[] _ids = GC.AllocateUninitializedArray<long>(64, pinned: true);
    private int _graphPauses;
    private int _hiddenPositions;
    private long _countedBytes;

    /// <summary>Starts with an empty cache.</summary>
    /// <param name="session">The graph; retained until <see cref="Dispose"/>.</param>
    /// <param name="batch">B.</param>
    /// <param name="length">Positions that the longest sequence will have, left padding and pauses included.</param>
    /// <exception cref="InsufficientMemoryException">The keys and values do not fit into memory.</exception>
    public DecoderCalls(DecoderSession session, int batch, int length)
    {
        _session = session;
        _mask = new AttentionMask(batch, length + 1);
        _outputs = new nint[session.Names.Present.Length + 1];
        session.Retain();
        try
        {
            _runOptions = Own(new RunOptions { LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL });
            _binding = Own(session.CreateBinding());

            // Outputs are given in the order of binding: the presents, then the logits.
            _cache = Own(new KeyValueCache(_binding, session, batch, session.Cache.FixedLength ?? length));
            _logits = Own(new LogitsBuffer(_binding, session));
            CountCache();
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>B.</summary>
    public int Batch => _mask.Batch;

    /// <summary>Positions computed so far, left padding and pauses included.</summary>
    public int Length => _cache.Length - _hiddenPositions;

    /// <summary>Bytes of its keys and values.</summary>
    public long CacheBytes => _cache.Bytes;

    /// <summary>Logits [B, V] after the last position of the last call; valid until the next.</summary>
    public ReadOnlySpan<float> Logits => _logits.Values(Batch);

    // The graph of a shared cache adds its own pauses to the length of the mask, so there the mask goes without them.
    private int PausesOutsideMask => _session.Cache.IsShared ? _graphPauses : 0;

    /// <summary>Feeds the prompts, with pauses after each, as the first call.</summary>
    /// <param name="prompts">B prompts, padded on the left here.</param>
    /// <param name="pauseCount">M_inf.</param>
    /// <param name="cancellationToken">Ends the call inside ONNX Runtime, between two operators.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the call can be repeated.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed.</exception>
    public void Prefill(IReadOnlyList<int[]> prompts, int pauseCount, CancellationToken cancellationToken)
    {
        if (_session.IsPauseCountDynamic || pauseCount == _session.PauseCount)
        {
            PrefillWithGraphsPauses(prompts, pauseCount, cancellationToken);
        }
        else
        {
            PrefillWithFedPauses(prompts, pauseCount, cancellationToken);
        }
    }

    /// <summary>Feeds one token a sequence.</summary>
    /// <param name="ids">[B].</param>
    /// <param name="isReal">B flags. A masked token takes no position, so a finished sequence stays within the context.</param>
    /// <param name="cancellationToken">Ends the call inside ONNX Runtime, between two operators.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the call can be repeated.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed.</exception>
    public void Step(ReadOnlySpan<int> ids, ReadOnlySpan<bool> isReal, CancellationToken cancellationToken)
    {
        var fed = Ids(Batch);
        _mask.Append(1);
        for (var b = 0; b < Batch; b++)
        {
            fed[b] = ids[b];
            _mask.Row(b)[^1] = isReal[b] ? 1 : 0;
        }

        _logits.Bind(Batch);
        RunOrForget(1, cancellationToken);
        Advance(1);
    }

    /// <summary>Feeds T tokens a sequence after what is there.</summary>
    /// <param name="tokens">
    /// B rows. Shorter ones are filled up on the right: no real position looks there, but after unequal rows the batch cannot
    /// go on.
    /// </param>
    /// <param name="read">Receives the logits of all T positions, or of the last where the graph puts out no others.</param>
    /// <param name="cancellationToken">Ends the call inside ONNX Runtime, between two operators.</param>
    /// <exception cref="OperationCanceledException">Cancelled; the call can be repeated.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed.</exception>
    public void Extend(IReadOnlyList<int[]> tokens, LogitsBuffer.Reader? read, CancellationToken cancellationToken)
    {
        var length = tokens.Max(t => t.Length);
        var fed = Ids(Batch * length);
        for (var b = 0; b < Batch; b++)
        {
            Widen(tokens[b], fed.Slice(b * length, length));
        }

        _mask.Append(length);
        _logits.LeaveToGraph();
        RunOrForget(length, cancellationToken);
        Advance(length);
        _logits.Take(_outputs[^1], Batch, read);
    }

    /// <summary>Feeds the rest of prompts after their beginnings, with pauses after each.</summary>
    /// <param name="rests">B of them, padded on the left here; a masked token takes no position.</param>
    /// <param name="pauseCount">M_inf.</param>
    /// <param name="cancellationToken">Ends the call inside ONNX Runtime, between two operators.</param>
    /// <exception cref="OperationCanceledException">Cancelled; everything is forgotten, and the prompts can be fed anew.</exception>
    /// <exception cref="InvalidOperationException">ONNX Runtime failed.</exception>
    public void ExtendPrompts(IReadOnlyList<int[]> rests, int pauseCount, CancellationToken cancellationToken)
    {
        try
        {
            var length = FeedPrompts(rests, pauseCount);
            _logits.LeaveToGraph();
            RunOrForget(length, cancellationToken);
            Advance(length);
            _logits.Take(_outputs[^1], Batch, read: null);
        }
        catch
        {
            Reset();
            throw;
        }
    }

    /// <summary>Makes a batch of these rows, each as often as named, logits and all.</summary>
    /// <exception cref="InsufficientMemoryException">The copy of the cache does not fit into memory.</exception>
    public void Keep(ReadOnlySpan<int> rows)
    {
        _cache.Take(_cache, rows, _cache.Length);
        _mask.Keep(rows);
        _logits.Keep(rows);
        CountCache();
    }

    /// <summary>Begins as a copy of sequences of other calls of the same graph; their logits stay there.</summary>
    /// <param name="other">Where they are; goes on as before.</param>
    /// <param name="rows">B rows of its batch.</param>
    /// <exception cref="InsufficientMemoryException">The copy of the cache does not fit into memory.</exception>
    public void CopyFrom(DecoderCalls other, ReadOnlySpan<int> rows)
    {
        _cache.Take(other._cache, rows, other._cache.Length);
        _mask.Append(other._mask.Length);
        for (var b = 0; b < rows.Length; b++)
        {
            other._mask.Row(rows[b]).CopyTo(_mask.Row(b));
        }

        (_graphPauses, _hiddenPositions) = (other._graphPauses, other._hiddenPositions);
        if (_session.IsPauseCountDynamic)
        {
            BindPauseCount(_graphPauses);
        }

        CountCache();
    }

    /// <summary>Whether <see cref="Truncate"/> can keep so many positions; otherwise compute them anew.</summary>
    public bool CanTruncate(int length) => _session.IsCacheOnHost && length > PausesOutsideMask;

    /// <summary>Keeps the first positions.</summary>
    /// <param name="length">How many: from 1 to <see cref="Length"/>, and <see cref="CanTruncate"/>.</param>
    public void Truncate(int length)
    {
        _cache.Truncate(length + _hiddenPositions);
        _mask.Truncate(length + _hiddenPositions - PausesOutsideMask);
        CountCache();
    }

    /// <summary>Forgets everything, for other prompts.</summary>
    public void Reset()
    {
        _cache.Reset(maskedPositions: 0);
        _mask.Truncate(0);
        (_graphPauses, _hiddenPositions) = (0, 0);
        CountCache();
    }

    /// <summary>Releases every native value, then the graph.</summary>
    public void Dispose()
    {
        Telemetry.CacheBytes(_session.Name, -_countedBytes);
        while (_owned.TryPop(out var resource))
        {
            resource.Dispose();
        }

        _session.Release();
    }

    private void PrefillWithGraphsPauses(IReadOnlyList<int[]> prompts, int pauseCount, CancellationToken cancellationToken)
    {
        _graphPauses = pauseCount;
        if (_session.IsPauseCountDynamic)
        {
            BindPauseCount(pauseCount);
        }

        var length = FeedPrompts(prompts, pauses: 0);
        _logits.LeaveToGraph();
        RunOrForget(length, cancellationToken);
        _mask.Append(pauseCount - PausesOutsideMask);
        Advance(length + pauseCount);
        _logits.Take(_outputs[^1], Batch, read: null);
    }

    // With a past the graph appends nothing, so that pauses can be fed as what they are, tokens. The past is one masked position.
    private void PrefillWithFedPauses(IReadOnlyList<int[]> prompts, int pauseCount, CancellationToken cancellationToken)
    {
        _hiddenPositions = 1;
        _mask.Append(_hiddenPositions);
        _mask.Values.Clear();
        _cache.Reset(_hiddenPositions);
        ExtendPrompts(prompts, pauseCount, cancellationToken);
    }

    // [B, T] ids and columns of the mask, with padding on the left; returns T.
    private int FeedPrompts(IReadOnlyList<int[]> prompts, int pauses)
    {
        var longest = prompts.Max(p => p.Length);
        var length = longest + pauses;
        var fed = Ids(Batch * length);
        _mask.Append(length);
        for (var b = 0; b < Batch; b++)
        {
            var padding = longest - prompts[b].Length;
            var row = fed.Slice(b * length, length);
            Widen(prompts[b], row[padding..]);
            row[longest..].Fill(_session.Config.Pause?.TokenId ?? 0);
            _mask.Row(b).Slice(_mask.Length - length, padding).Clear();
        }

        return length;
    }

    // Zeros fill what an earlier call left behind.
    private static void Widen(int[] ids, Span<long> row)
    {
        for (var t = 0; t < ids.Length; t++)
        {
            row[t] = ids[t];
        }

        row[ids.Length..].Clear();
    }

    // Room for [B, T] ids, in memory that does not move.
    private Span<long> Ids(int count)
    {
        if (count > _ids.Length)
        {
            _ids = GC.AllocateUninitializedArray<long>(count, pinned: true);
        }

        var ids = _ids.AsSpan(0, count);
        ids.Clear();
        return ids;
    }

    private void BindPauseCount(int pauseCount) =>
        _binding.BindInput(GraphNames.PauseCount, Own(OrtValue.CreateTensorValueFromMemory(new long[] { pauseCount }, [])));

    private void Advance(int positions)
    {
        // Of a shared cache only logits that have no buffer of ours are to be fetched.
        if (_session.Cache.IsShared && _logits.IsBound)
        {
            _cache.Advance(positions, []);
            return;
        }

        OrtApi.TakeOutputs(_binding, _outputs);
        if (_session.Cache.IsShared)
        {
            foreach (var present in _outputs.AsSpan(0, _outputs.Length - 1))
            {
                OrtApi.Release(present);
            }
        }

        _cache.Advance(positions, _outputs);
        CountCache();
        if (_logits.IsBound)
        {
            OrtApi.Release(_outputs[^1]);
        }
    }

    private void CountCache()
    {
        var bytes = _cache.Bytes;
        Telemetry.CacheBytes(_session.Name, bytes - _countedBytes);
        _countedBytes = bytes;
    }

    // The columns of a call that did not come about are taken back.
    private void RunOrForget(int length, CancellationToken cancellationToken)
    {
        try
        {
            Run(length, cancellationToken);
        }
        catch
        {
            _mask.Truncate(_mask.Length - length);
            throw;
        }
    }

    private void Run(int length, CancellationToken cancellationToken)
    {
        var (ids, mask) = ((nint)0, (nint)0);
        fixed (long* idData = _ids, maskData = _mask.Values)
        {
            try
            {
                ids = OrtApi.CreateTensorOver(idData, (long)Batch * length * sizeof(long), [Batch, length], (int)TensorElementType.Int64);
                mask = OrtApi.CreateTensorOver(maskData, (long)_mask.Values.Length * sizeof(long), [Batch, _mask.Length], (int)TensorElementType.Int64);
                OrtApi.BindInput(_binding, _session.Names.InputIds, ids);
                OrtApi.BindInput(_binding, _session.Names.AttentionMask, mask);
                _cache.BindPresent();
                RunGraph(cancellationToken);
            }
            finally
            {
                OrtApi.Release(ids);
                OrtApi.Release(mask);
            }
        }
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

    private T Own<T>(T resource)
        where T : IDisposable
    {
        _owned.Push(resource);
        return resource;
    }
}
