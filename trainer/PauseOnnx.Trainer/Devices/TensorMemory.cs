using System.Runtime.InteropServices;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>Where a tensor's numbers lie, for spans and for engines that take plain addresses; TorchSharp hands out none.</summary>
internal static unsafe class TensorMemory
{
    private static readonly delegate* unmanaged<nint, nint*, int> GetDataPointer =
        (delegate* unmanaged<nint, nint*, int>)NativeLibrary.GetExport(LibTorch.Cpu, "aoti_torch_get_data_ptr");

    /// <summary>Address of the first element, in the memory of the tensor's device; valid as long as the tensor.</summary>
    /// <exception cref="ArgumentException">The elements do not lie one after the other.</exception>
    public static nint AddressOf(Tensor tensor)
    {
        if (!tensor.is_contiguous())
        {
            throw new ArgumentException($"A tensor of shape [{string.Join(", ", tensor.shape)}] is not contiguous; expected one block of memory.", nameof(tensor));
        }

        return FirstElement(tensor);
    }

    /// <summary>Address of the first element of a tensor that may have gaps.</summary>
    public static nint FirstElement(Tensor tensor)
    {
        nint address;
        var result = GetDataPointer(tensor.Handle, &address);
        return result == 0 ? address : throw new InvalidOperationException($"aoti_torch_get_data_ptr failed with {result}.");
    }
}
