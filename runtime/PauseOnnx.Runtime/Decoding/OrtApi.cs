using System.Runtime.InteropServices;
using Microsoft.ML.OnnxRuntime;

namespace PauseOnnx.Runtime;

/// <summary>
/// The calls of ONNX Runtime's C interface that a decode step makes. Its C# binding allocates for each of them: a name as
/// UTF-8, a wrapper, a list. Here nothing is allocated.
/// </summary>
/// <remarks>
/// See <see href="https://onnxruntime.ai/docs/api/c/struct_ort_api.html">OrtApi</see>. Values are handles, released by whoever
/// received them. Thread-safe.
/// </remarks>
internal static unsafe class OrtApi
{
    // The interface grows only at its end: what a function's place is in one version it is in all later ones.
    private const uint Version = 16;
    private const int ErrorMessagePlace = 2;
    private const int CreateTensorPlace = 48;
    private const int CreateTensorOverMemoryPlace = 49;
    private const int TensorDataPlace = 51;
    private const int ElementCountPlace = 64;
    private const int AllocatorFreePlace = 76;
    private const int ReleaseStatusPlace = 93;
    private const int ReleaseValuePlace = 96;
    private const int BindInputPlace = 136;
    private const int BindOutputPlace = 137;
    private const int BindOutputToDevicePlace = 138;
    private const int BoundOutputValuesPlace = 140;
    private const int TensorTypeAndShapePlace = 65;
    private const int ReleaseTensorTypeAndShapePlace = 99;

    private static readonly void** Functions = FindFunctions();
    private static readonly nint Allocator = OrtAllocator.DefaultInstance.DangerousGetHandle();

    /// <summary>Makes a tensor.</summary>
    /// <param name="allocator">In whose memory.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="type">ONNX's number of its element type.</param>
    /// <exception cref="InsufficientMemoryException">It does not fit.</exception>
    public static nint CreateTensor(OrtAllocator allocator, ReadOnlySpan<long> shape, int type)
    {
        nint value;
        fixed (long* dims = shape)
        {
            var create = (delegate* unmanaged<nint, long*, nuint, int, nint*, nint>)Functions[CreateTensorPlace];
            var status = create(allocator.DangerousGetHandle(), dims, (nuint)shape.Length, type, &value);
            return status == 0 ? value : throw new InsufficientMemoryException(TakeMessage(status));
        }
    }

    /// <summary>Makes a tensor over memory that must stay where it is until the tensor is released.</summary>
    /// <param name="data">Its first element.</param>
    /// <param name="bytes">Size of the memory.</param>
    /// <param name="shape">Its dimensions.</param>
    /// <param name="type">ONNX's number of its element type.</param>
    public static nint CreateTensorOver(void* data, long bytes, ReadOnlySpan<long> shape, int type)
    {
        nint value;
        fixed (long* dims = shape)
        {
            var create = (delegate* unmanaged<nint, void*, nuint, long*, nuint, int, nint*, nint>)Functions[CreateTensorOverMemoryPlace];
            Check(create(OrtMemoryInfo.DefaultInstance.DangerousGetHandle(), data, (nuint)bytes, dims, (nuint)shape.Length, type, &value));
            return value;
        }
    }

    /// <summary>The first element of a tensor in the processor's memory.</summary>
    public static void* DataOf(nint value)
    {
        void* data;
        Check(((delegate* unmanaged<nint, void**, nint>)Functions[TensorDataPlace])(value, &data));
        return data;
    }

    /// <summary>Number of elements of a tensor.</summary>
    public static long ElementCountOf(nint value)
    {
        nint shape;
        Check(((delegate* unmanaged<nint, nint*, nint>)Functions[TensorTypeAndShapePlace])(value, &shape));
        nuint count;
        var status = ((delegate* unmanaged<nint, nuint*, nint>)Functions[ElementCountPlace])(shape, &count);
        ((delegate* unmanaged<nint, void>)Functions[ReleaseTensorTypeAndShapePlace])(shape);
        Check(status);
        return (long)count;
    }

    /// <summary>Lets go of a value; 0 is none.</summary>
    public static void Release(nint value)
    {
        if (value != 0)
        {
            ((delegate* unmanaged<nint, void>)Functions[ReleaseValuePlace])(value);
        }
    }

    /// <summary>Gives an input its value, which the binding keeps.</summary>
    public static void BindInput(OrtIoBinding binding, nint name, nint value) =>
        Check(((delegate* unmanaged<nint, nint, nint, nint>)Functions[BindInputPlace])(binding.DangerousGetHandle(), name, value));

    /// <summary>Gives an output the value to write to.</summary>
    public static void BindOutput(OrtIoBinding binding, nint name, nint value) =>
        Check(((delegate* unmanaged<nint, nint, nint, nint>)Functions[BindOutputPlace])(binding.DangerousGetHandle(), name, value));

    /// <summary>Lets ONNX Runtime allocate an output anew in the next call.</summary>
    public static void BindOutputTo(OrtIoBinding binding, nint name, OrtMemoryInfo memory) =>
        Check(((delegate* unmanaged<nint, nint, nint, nint>)Functions[BindOutputToDevicePlace])(binding.DangerousGetHandle(), name, memory.DangerousGetHandle()));

    /// <summary>Takes the outputs of the last call, in the order in which they were first bound.</summary>
    /// <param name="binding">What was bound.</param>
    /// <param name="values">Receives the handles, which the caller releases; one for each output.</param>
    public static void TakeOutputs(OrtIoBinding binding, Span<nint> values)
    {
        nint* found;
        nuint count;
        Check(((delegate* unmanaged<nint, nint, nint**, nuint*, nint>)Functions[BoundOutputValuesPlace])(binding.DangerousGetHandle(), Allocator, &found, &count));
        new ReadOnlySpan<nint>(found, (int)count).CopyTo(values);
        Check(((delegate* unmanaged<nint, void*, nint>)Functions[AllocatorFreePlace])(Allocator, found));
    }

    private static void** FindFunctions()
    {
        var apiOf = *(delegate* unmanaged<uint, void**>*)OrtGetApiBase();
        return apiOf(Version);
    }

    private static void Check(nint status)
    {
        if (status != 0)
        {
            throw new InvalidOperationException($"ONNX Runtime failed: {TakeMessage(status)}");
        }
    }

    private static string TakeMessage(nint status)
    {
        var message = Marshal.PtrToStringUTF8(((delegate* unmanaged<nint, nint>)Functions[ErrorMessagePlace])(status)) ?? "";
        ((delegate* unmanaged<nint, void>)Functions[ReleaseStatusPlace])(status);
        return message;
    }

    [DllImport("onnxruntime")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories | DllImportSearchPath.AssemblyDirectory)]
    private static extern nint OrtGetApiBase();
}
