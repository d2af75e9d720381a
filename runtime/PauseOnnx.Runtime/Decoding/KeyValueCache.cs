using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;

namespace PauseOnnx.Runtime;

/// <summary>
/// Keys and values of every layer, [B, K, P, D] float32 or float16, bound to the graph; P starts at 0 and includes the pauses.
/// A growing cache lies in ONNX Runtime's own memory: what a call puts out as <c>present</c> is bound as the next call's
/// <c>past</c>, without a copy. A shared one is a buffer for each pair, bound once to both, which the graph fills.
/// </summary>
/// <remarks>Owned by one batch of sequences; not thread-safe.</remarks>
internal sealed unsafe class KeyValueCache : IDisposable
{
    private readonly OrtIoBinding _binding;
    private readonly NativeNames _names;
    private readonly CacheLayout _layout;
    private readonly LoadedGraph _graph;
    private readonly int _heads;
    private readonly int _width;
    private readonly int _capacity;
    private readonly nint[] _values;
    private int _batch;

    /// <summary>Binds a past of P = 0, or buffers of which none is read before it is filled.</summary>
    /// <param name="binding">Where to bind; must outlive the cache, and have no output bound yet.</param>
    /// <param name="session">The graph.</param>
    /// <param name="batch">B.</param>
    /// <param name="capacity">Positions of a shared cache's buffers, left padding and pauses included.</param>
    /// <exception cref="InsufficientMemoryException">The buffers do not fit into memory.</exception>
    public KeyValueCache(OrtIoBinding binding, DecoderSession session, int batch, int capacity)
    {
        (_binding, _names, _layout, _graph, _batch, _capacity) = (binding, session.Names, session.Cache, session.Graph, batch, capacity);
        (_heads, _width) = (session.Config.NumKeyValueHeads, session.Config.HeadDim);
        _values = new nint[_names.Past.Length];
        try
        {
            Reset(maskedPositions: 0);
        }
        catch
        {
            Dispose();
            throw;
        }
    }

    /// <summary>P: positions computed so far, left padding and pauses included.</summary>
    public int Length { get; private set; }

    /// <summary>Bytes that it holds.</summary>
    public long Bytes => (long)_values.Length * _batch * _heads * (_layout.IsShared ? _capacity : Length) * _width * ElementSize;

    private int ElementSize => _layout.Type == TensorElementType.Float16 ? sizeof(ushort) : sizeof(float);

    /// <summary>Forgets everything.</summary>
    /// <param name="maskedPositions">P to begin with, of zeros that the mask must hide; only for a growing cache.</param>
    public void Reset(int maskedPositions)
    {
        for (var i = 0; i < _values.Length; i++)
        {
            var value = Create(_batch, _layout.IsShared ? _capacity : maskedPositions);
            if (!_layout.IsShared)
            {
                new Span<byte>(OrtApi.DataOf(value), _batch * _heads * maskedPositions * _width * ElementSize).Clear();
            }

            Bind(i, value);
        }

        Length = maskedPositions;
        BindPresent();
    }

    /// <summary>Before a call: lets ONNX Runtime allocate fresh presents, whose length has changed.</summary>
    public void BindPresent()
    {
        if (!_layout.IsShared)
        {
            foreach (var name in _names.Present)
            {
                OrtApi.BindOutputTo(_binding, name, _graph.CacheMemory);
            }
        }
    }

    /// <summary>After a call: its presents become the next call's pasts.</summary>
    /// <param name="positions">T' new ones.</param>
    /// <param name="outputs">What the graph put out, in the order of binding; those of this cache are its own from now on.</param>
    public void Advance(int positions, ReadOnlySpan<nint> outputs)
    {
        Length += positions;
        for (var i = 0; i < _values.Length && !_layout.IsShared; i++)
        {
            Bind(i, outputs[i]);
        }
    }

    /// <summary>Keeps the first positions.</summary>
    /// <param name="length">P to keep, at most <see cref="Length"/>.</param>
    public void Truncate(int length)
    {
        if (_layout.IsShared)
        {
            Length = length;
            return;
        }

        Span<int> rows = stackalloc int[_batch];
        for (var b = 0; b < _batch; b++)
        {
            rows[b] = b;
        }

        Take(this, rows, length);
    }

    /// <summary>Holds rows of a cache of the same graph, this one or another, each as often as named; a copy.</summary>
    /// <param name="source">Where they are.</param>
    /// <param name="rows">Rows of its batch: B of this one from now on.</param>
    /// <param name="length">P to take, at most the source's.</param>
    /// <exception cref="InsufficientMemoryException">The copy does not fit into memory.</exception>
    /// <exception cref="NotSupportedException">The cache is in the memory of a device.</exception>
    public void Take(KeyValueCache source, ReadOnlySpan<int> rows, int length)
    {
        if (!_graph.IsCacheOnHost)
        {
            throw new NotSupportedException($"Keys and values are in the memory of execution provider '{_graph.ProviderName}', where rows cannot be copied; expected no beams, or ExecutionProvider.Cpu.");
        }

        for (var i = 0; i < _values.Length; i++)
        {
            var copy = Create(rows.Length, _layout.IsShared ? _capacity : length);
            Copy(source, source._values[i], copy, rows, length);
            Bind(i, copy);
        }

        (_batch, Length) = (rows.Length, length);
        BindPresent();
    }

    /// <summary>Releases our handles; the binding releases the rest.</summary>
    public void Dispose()
    {
        foreach (ref var value in _values.AsSpan())
        {
            OrtApi.Release(value);
            value = 0;
        }
    }

    private nint Create(int batch, int length)
    {
        try
        {
            // What a growing cache begins with is given as from outside: the processor's memory will do, and can be cleared.
            var allocator = _layout.IsShared ? _graph.CacheAllocator : OrtAllocator.DefaultInstance;
            return OrtApi.CreateTensor(allocator, [batch, _heads, length, _width], (int)_layout.Type);
        }
        catch (InsufficientMemoryException e)
        {
            throw new InsufficientMemoryException($"The keys and values of {batch} sequences of {length} positions do not fit into memory; expected fewer prompts or a smaller MaxNewTokens.", e);
        }
    }

    private void Bind(int i, nint value)
    {
        OrtApi.BindInput(_binding, _names.Past[i], value);
        if (_layout.IsShared)
        {
            OrtApi.BindOutput(_binding, _names.Present[i], value);
        }

        OrtApi.Release(_values[i]);
        _values[i] = value;
    }

    // [B, K, stride, D] -> [rows, K, stride of the copy, D]
    private void Copy(KeyValueCache source, nint from, nint to, ReadOnlySpan<int> rows, int length)
    {
        var first = (byte*)OrtApi.DataOf(from);
        var copy = (byte*)OrtApi.DataOf(to);
        long width = _width * ElementSize;
        var (stride, newStride) = _layout.IsShared ? (source._capacity, _capacity) : (source.Length, length);
        for (var b = 0; b < rows.Length; b++)
        {
            for (var k = 0; k < _heads; k++)
            {
                var kept = new ReadOnlySpan<byte>(first + (((((long)rows[b] * _heads) + k) * stride) * width), checked((int)(length * width)));
                kept.CopyTo(new Span<byte>(copy + (((((long)b * _heads) + k) * newStride) * width), kept.Length));
            }
        }
    }
}
