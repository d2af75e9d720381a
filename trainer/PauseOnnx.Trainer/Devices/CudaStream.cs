using System.Runtime.InteropServices;

namespace PauseOnnx.Trainer;

/// <summary>A GPU's second queue of work, beside the default stream on which libtorch computes.</summary>
/// <remarks>
/// Through the driver, whose library has the same name whatever CUDA libtorch brings along. Usable from any thread, by one at
/// a time. See <see href="https://docs.nvidia.com/cuda/cuda-driver-api/group__CUDA__STREAM.html">the CUDA driver API</see>.
/// </remarks>
internal sealed unsafe class CudaStream : IDisposable
{
    private const uint NonBlocking = 1;            // CU_STREAM_NON_BLOCKING: does not wait for the default stream by itself
    private const uint WithoutTiming = 2;          // CU_EVENT_DISABLE_TIMING

    private readonly nint _driver;
    private readonly nint _context;
    private readonly int _device;
    private readonly nint _reached;

    /// <summary>Makes a stream in the context that libtorch uses.</summary>
    /// <param name="ordinal">Number of the GPU.</param>
    /// <exception cref="DllNotFoundException">NVIDIA's driver is not installed.</exception>
    public CudaStream(int ordinal)
    {
        if (!NativeLibrary.TryLoad("libcuda.so.1", out _driver))
        {
            throw new DllNotFoundException("libcuda.so.1 does not load; expected NVIDIA's driver.");
        }

        int device;
        nint context, stream, reached;
        Check(((delegate* unmanaged<uint, int>)Export("cuInit"))(0), "cuInit");
        Check(((delegate* unmanaged<int*, int, int>)Export("cuDeviceGet"))(&device, ordinal), "cuDeviceGet");
        Check(((delegate* unmanaged<nint*, int, int>)Export("cuDevicePrimaryCtxRetain"))(&context, device), "cuDevicePrimaryCtxRetain");
        (_device, _context) = (device, context);
        MakeCurrent();
        Check(((delegate* unmanaged<nint*, uint, int>)Export("cuStreamCreate"))(&stream, NonBlocking), "cuStreamCreate");
        Check(((delegate* unmanaged<nint*, uint, int>)Export("cuEventCreate"))(&reached, WithoutTiming), "cuEventCreate");
        (Handle, _reached) = (stream, reached);
    }

    /// <summary>The CUstream, which is a cudaStream_t too.</summary>
    public nint Handle { get; }

    /// <summary>Lets this stream begin its next work after all that the default stream holds now.</summary>
    public void WaitForDefaultStream()
    {
        MakeCurrent();
        Check(((delegate* unmanaged<nint, nint, int>)Export("cuEventRecord"))(_reached, 0), "cuEventRecord");
        Check(((delegate* unmanaged<nint, nint, uint, int>)Export("cuStreamWaitEvent"))(Handle, _reached, 0), "cuStreamWaitEvent");
    }

    /// <summary>Waits on this thread until the stream is empty.</summary>
    public void Synchronize() => Check(((delegate* unmanaged<nint, int>)Export("cuStreamSynchronize"))(Handle), "cuStreamSynchronize");

    /// <inheritdoc/>
    public void Dispose()
    {
        MakeCurrent();
        _ = ((delegate* unmanaged<nint, int>)Export("cuEventDestroy_v2"))(_reached);
        _ = ((delegate* unmanaged<nint, int>)Export("cuStreamDestroy_v2"))(Handle);
        _ = ((delegate* unmanaged<int, int>)Export("cuDevicePrimaryCtxRelease_v2"))(_device);
    }

    // A thread starts without a context, or with that of GPU 0.
    private void MakeCurrent() => Check(((delegate* unmanaged<nint, int>)Export("cuCtxSetCurrent"))(_context), "cuCtxSetCurrent");

    private nint Export(string name) => NativeLibrary.GetExport(_driver, name);

    private static void Check(int result, string function)
    {
        if (result != 0)
        {
            throw new InvalidOperationException($"{function} failed with CUDA's error {result}.");
        }
    }
}
