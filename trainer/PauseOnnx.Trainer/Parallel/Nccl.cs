using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// Ranks with a GPU each, which add up tensors in GPU memory through NCCL. Open MPI brings them together: it carries NCCL's
/// identifier to every rank, and counts, waits for and ends them.
/// </summary>
/// <remarks>
/// As for <see cref="OpenMpi"/>, calls are made under one lock. They run on a stream of their own, after what the default
/// stream holds at that moment and beside what it is given later. See
/// <see href="https://docs.nvidia.com/deeplearning/nccl/user-guide/docs/api.html">the NCCL API</see>.
/// </remarks>
internal sealed unsafe class Nccl : ICollective
{
    private static readonly string[] Libraries = ["libnccl.so.2", "libnccl.so"];
    private const int SumOperation = 0;            // ncclSum
    private const int Bytes = 1;                   // ncclUint8

    private readonly Lock _calls = new();
    private readonly OpenMpi _ranks;
    private readonly CudaStream _stream;
    private readonly nint _library;
    private readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> _allReduce;
    private readonly delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int> _broadcast;
    private nint _communicator;

    /// <summary>Joins the other ranks, which must all do the same.</summary>
    /// <param name="ranks">Owned from here on, also when this fails.</param>
    /// <param name="device">Number of this rank's GPU; no two ranks of a machine may share one.</param>
    /// <exception cref="DllNotFoundException">NCCL or the GPU's driver is not installed.</exception>
    public Nccl(OpenMpi ranks, int device)
    {
        _ranks = ranks;
        _library = Libraries.Select(name => NativeLibrary.TryLoad(name, out var library) ? library : 0).FirstOrDefault(library => library != 0);
        if (_library == 0)
        {
            throw new DllNotFoundException($"{Libraries[0]} does not load; expected NCCL 2 for training on several GPUs (Debian with NVIDIA's packages: apt-get install libnccl2), its folder in LD_LIBRARY_PATH where it is not a standard one.");
        }

        _stream = new CudaStream(device);
        _allReduce = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)NativeLibrary.GetExport(_library, "ncclAllReduce");
        _broadcast = (delegate* unmanaged<nint, nint, nuint, int, int, nint, nint, int>)NativeLibrary.GetExport(_library, "ncclBroadcast");
        UniqueId id;
        if (Rank == 0)
        {
            Check(((delegate* unmanaged<UniqueId*, int>)NativeLibrary.GetExport(_library, "ncclGetUniqueId"))(&id), "ncclGetUniqueId");
        }

        ranks.Broadcast((nint)(&id), sizeof(UniqueId));
        nint communicator;
        Check(((delegate* unmanaged<nint*, int, UniqueId, int, int>)NativeLibrary.GetExport(_library, "ncclCommInitRank"))(&communicator, WorldSize, id, Rank), "ncclCommInitRank");
        _communicator = communicator;
    }

    /// <inheritdoc/>
    public int Rank => _ranks.Rank;

    /// <inheritdoc/>
    public int WorldSize => _ranks.WorldSize;

    /// <inheritdoc/>
    public int LocalRank => _ranks.LocalRank;

    /// <inheritdoc/>
    public int LocalSize => _ranks.LocalSize;

    /// <inheritdoc/>
    public void Sum(Tensor values)
    {
        var type = values.dtype switch
        {
            ScalarType.Float32 => 7,               // ncclFloat32
            ScalarType.BFloat16 => 9,              // ncclBfloat16
            _ => throw new ArgumentException($"The tensor to sum is {values.dtype}; expected Float32 or BFloat16.", nameof(values)),
        };
        var start = AddressOf(values);
        lock (_calls)
        {
            _stream.WaitForDefaultStream();
            Check(_allReduce(start, start, (nuint)values.numel(), type, SumOperation, _communicator, _stream.Handle), "ncclAllReduce");
            _stream.Synchronize();
        }
    }

    /// <inheritdoc/>
    public void Broadcast(Tensor values)
    {
        var start = AddressOf(values);
        lock (_calls)
        {
            _stream.WaitForDefaultStream();
            Check(_broadcast(start, start, (nuint)(values.numel() * values.element_size()), Bytes, 0, _communicator, _stream.Handle), "ncclBroadcast");
            _stream.Synchronize();
        }
    }

    /// <inheritdoc/>
    public void Barrier() => _ranks.Barrier();

    /// <inheritdoc/>
    public void Abort(string reason) => _ranks.Abort(reason);

    /// <inheritdoc/>
    public void Dispose()
    {
        lock (_calls)
        {
            if (_communicator != 0)
            {
                _ = ((delegate* unmanaged<nint, int>)NativeLibrary.GetExport(_library, "ncclCommDestroy"))(_communicator);
                _communicator = 0;
                _stream.Dispose();
            }
        }

        _ranks.Dispose();
    }

    private static nint AddressOf(Tensor values) => values.device_type == TorchSharp.DeviceType.CUDA
        ? TensorMemory.AddressOf(values)
        : throw new ArgumentException($"The tensor is on {values.device_type}; expected GPU memory for NCCL.", nameof(values));

    private void Check(int result, string function)
    {
        if (result != 0)
        {
            var text = ((delegate* unmanaged<int, nint>)NativeLibrary.GetExport(_library, "ncclGetErrorString"))(result);
            throw new InvalidOperationException($"{function} failed: {Marshal.PtrToStringUTF8(text)} (set NCCL_DEBUG=INFO to see why).");
        }
    }

    // Handed over by value; NCCL_UNIQUE_ID_BYTES is 128.
    [StructLayout(LayoutKind.Sequential)]
    private struct UniqueId
    {
        public fixed byte Value[128];
    }
}
