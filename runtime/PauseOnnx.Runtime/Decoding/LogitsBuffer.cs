using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace PauseOnnx.Runtime;

/// <summary>
/// Logits [B, V] after the last position of each sequence. A call with one token writes them here by itself; of other calls, which
/// put out as many positions as they like, the last is copied.
/// </summary>
/// <remarks>Owned by one batch of sequences; not thread-safe.</remarks>
internal sealed unsafe class LogitsBuffer : IDisposable
{
    private readonly OrtIoBinding _binding;
    private readonly nint _name;
    private readonly int _vocabSize;
    private float[] _values = [];
    private nint _bound;

    /// <summary>An empty buffer; the graph allocates what it puts out.</summary>
    /// <param name="binding">Where to bind; must outlive the buffer.</param>
    /// <param name="session">The graph.</param>
    public LogitsBuffer(OrtIoBinding binding, DecoderSession session)
    {
        (_binding, _name, _vocabSize) = (binding, session.Names.Logits, session.Config.OrdinaryVocabSize);
        LeaveToGraph();
    }

    /// <summary>Receives logits.</summary>
    /// <param name="logits">[B, T_out, V].</param>
    /// <param name="count">T_out.</param>
    public delegate void Reader(ReadOnlySpan<float> logits, int count);

    /// <summary>Whether the next call writes here.</summary>
    public bool IsBound => _bound != 0;

    /// <summary>[B, V].</summary>
    public ReadOnlySpan<float> Values(int batch) => _values.AsSpan(0, batch * _vocabSize);

    /// <summary>Before a call with several tokens: it puts out one position a sequence, or all.</summary>
    public void LeaveToGraph()
    {
        Release();
        OrtApi.BindOutputTo(_binding, _name, OrtMemoryInfo.DefaultInstance);
    }

    /// <summary>Before a call with one token a sequence.</summary>
    public void Bind(int batch)
    {
        if (!IsBound)
        {
            if (_values.Length < batch * _vocabSize)
            {
                _values = Allocate(batch);
            }

            // The array is pinned.
            fixed (float* values = _values)
            {
                _bound = OrtApi.CreateTensorOver(values, (long)batch * _vocabSize * sizeof(float), [batch, 1, _vocabSize], (int)TensorElementType.Float);
            }

            OrtApi.BindOutput(_binding, _name, _bound);
        }
    }

    /// <summary>After a call that allocated its output: copies the last position.</summary>
    /// <param name="output">[B, T_out, V]; released.</param>
    /// <param name="batch">B.</param>
    /// <param name="read">Receives all positions.</param>
    public void Take(nint output, int batch, Reader? read)
    {
        try
        {
            var all = new ReadOnlySpan<float>(OrtApi.DataOf(output), checked((int)OrtApi.ElementCountOf(output)));
            var row = all.Length / batch;
            if (_values.Length < batch * _vocabSize)
            {
                _values = Allocate(batch);
            }

            for (var b = 0; b < batch; b++)
            {
                all.Slice(((b + 1) * row) - _vocabSize, _vocabSize).CopyTo(_values.AsSpan(b * _vocabSize));
            }

            read?.Invoke(all, row / _vocabSize);
        }
        finally
        {
            OrtApi.Release(output);
        }
    }

    /// <summary>Makes a batch of these rows, each as often as named.</summary>
    public void Keep(ReadOnlySpan<int> rows)
    {
        var kept = Allocate(rows.Length);
        for (var b = 0; b < rows.Length; b++)
        {
            _values.AsSpan(rows[b] * _vocabSize, _vocabSize).CopyTo(kept.AsSpan(b * _vocabSize));
        }

        Release();
        _values = kept;
    }

    /// <summary>Releases the native value.</summary>
    public void Dispose() => Release();

    private float[] Allocate(int batch) => GC.AllocateUninitializedArray<float>(batch * _vocabSize, pinned: true);

    private void Release()
    {
        OrtApi.Release(_bound);
        _bound = 0;
    }
}
