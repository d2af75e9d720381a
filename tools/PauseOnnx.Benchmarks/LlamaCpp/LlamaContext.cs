using System.Runtime.InteropServices;

namespace PauseOnnx.Benchmarks.LlamaCpp;

/// <summary>A GGUF file loaded by llama.cpp, with one sequence and fused attention. Calls do what its own llama-bench times.</summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed unsafe class LlamaContext : IDisposable
{
    private readonly LlamaLibrary _library;
    private readonly delegate* unmanaged[Cdecl]<nint, Batch, int> _decode;
    private readonly delegate* unmanaged[Cdecl]<int*, int, Batch> _createBatch;
    private readonly delegate* unmanaged[Cdecl]<nint, int, float*> _getLogits;
    private readonly nint _model;
    private readonly nint _context;
    private readonly int _vocabSize;

    /// <summary>Loads a file.</summary>
    /// <param name="library">The library.</param>
    /// <param name="file">The GGUF file.</param>
    /// <param name="maxLength">Positions that the cache has.</param>
    /// <param name="threads">Threads of a call.</param>
    /// <exception cref="InvalidOperationException">llama.cpp refuses the file, or the structures are not this version's.</exception>
    public LlamaContext(LlamaLibrary library, string file, int maxLength, int threads)
    {
        _library = library;
        _decode = (delegate* unmanaged[Cdecl]<nint, Batch, int>)library.Function("llama_decode");
        _createBatch = (delegate* unmanaged[Cdecl]<int*, int, Batch>)library.Function("llama_batch_get_one");
        _getLogits = (delegate* unmanaged[Cdecl]<nint, int, float*>)library.Function("llama_get_logits_ith");
        _model = LoadModel(file);

        var settings = ((delegate* unmanaged[Cdecl]<ContextSettings>)library.Function("llama_context_default_params"))();
        if (settings is not { Batch: 2048, MicroBatch: 512, FlashAttention: -1, KeyType: 1, ValueType: 1 })
        {
            throw new InvalidOperationException("The library's defaults are not those expected; expected the version that the lock file of tests/node names.");
        }

        (settings.Length, settings.FlashAttention) = ((uint)maxLength, 1);
        _context = ((delegate* unmanaged[Cdecl]<nint, ContextSettings, nint>)library.Function("llama_init_from_model"))(_model, settings);
        if (_context == 0)
        {
            throw new InvalidOperationException($"llama.cpp makes no context for '{file}'.");
        }

        ((delegate* unmanaged[Cdecl]<nint, int, int, void>)library.Function("llama_set_n_threads"))(_context, threads, threads);
        var vocabulary = ((delegate* unmanaged[Cdecl]<nint, nint>)library.Function("llama_model_get_vocab"))(_model);
        _vocabSize = ((delegate* unmanaged[Cdecl]<nint, int>)library.Function("llama_vocab_n_tokens"))(vocabulary);
    }

    /// <summary>Computes tokens at the end of the sequence.</summary>
    /// <param name="ids">At most 512, which are computed at once.</param>
    /// <returns>Logits of the last of them, [V]; valid until the next call.</returns>
    /// <exception cref="InvalidOperationException">llama.cpp fails.</exception>
    public ReadOnlySpan<float> Run(ReadOnlySpan<int> ids)
    {
        fixed (int* start = ids)
        {
            var code = _decode(_context, _createBatch(start, ids.Length));
            return code == 0
                ? new(_getLogits(_context, -1), _vocabSize)
                : throw new InvalidOperationException($"llama_decode returned {code}; expected 0.");
        }
    }

    /// <summary>Forgets the sequence.</summary>
    public void Reset()
    {
        var memory = ((delegate* unmanaged[Cdecl]<nint, nint>)_library.Function("llama_get_memory"))(_context);
        ((delegate* unmanaged[Cdecl]<nint, byte, void>)_library.Function("llama_memory_clear"))(memory, 0);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        ((delegate* unmanaged[Cdecl]<nint, void>)_library.Function("llama_free"))(_context);
        ((delegate* unmanaged[Cdecl]<nint, void>)_library.Function("llama_model_free"))(_model);
    }

    private nint LoadModel(string file)
    {
        var settings = ((delegate* unmanaged[Cdecl]<ModelSettings>)_library.Function("llama_model_default_params"))();
        var path = Marshal.StringToCoTaskMemUTF8(file);
        var model = ((delegate* unmanaged[Cdecl]<nint, ModelSettings, nint>)_library.Function("llama_model_load_from_file"))(path, settings);
        Marshal.FreeCoTaskMem(path);
        return model != 0 ? model : throw new InvalidOperationException($"llama.cpp does not load '{file}'; expected a GGUF file of the llama architecture.");
    }

    /// <summary>llama_model_params.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 80)]
    private struct ModelSettings;

    /// <summary>llama_context_params.</summary>
    [StructLayout(LayoutKind.Explicit, Size = 160)]
    private struct ContextSettings
    {
        [FieldOffset(0)]
        public uint Length;

        [FieldOffset(4)]
        public uint Batch;

        [FieldOffset(8)]
        public uint MicroBatch;

        // -1: where it can; 0: never; 1: always.
        [FieldOffset(52)]
        public int FlashAttention;

        // ggml's number of float16.
        [FieldOffset(104)]
        public int KeyType;

        [FieldOffset(108)]
        public int ValueType;
    }

    /// <summary>llama_batch.</summary>
    [StructLayout(LayoutKind.Sequential, Size = 56)]
    private struct Batch;
}
