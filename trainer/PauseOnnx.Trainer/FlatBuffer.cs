using System.Runtime.InteropServices;
using TorchSharp;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>
/// One long row of numbers that lives as long as the model: all weights, all gradients or one moment of the optimizer.
/// Tensors are views of it; on the processor, so are spans.
/// </summary>
/// <remarks>Not thread-safe. Views and spans are valid until <see cref="Dispose"/>.</remarks>
public sealed class FlatBuffer : IDisposable
{
    // Elements that pass between a device and managed memory at a time.
    private const int CopyLength = 1 << 22;

    // The optimizer asks for thousands of spans a step: none of them may cost a call into libtorch.
    private readonly nint _address;

    /// <summary>A buffer of zeros.</summary>
    /// <param name="count">Elements.</param>
    /// <param name="type"><c>Float32</c> or <c>BFloat16</c>.</param>
    /// <param name="device">Where it lies.</param>
    public FlatBuffer(long count, ScalarType type, Device device)
    {
        Tensor = zeros(count, dtype: type, device: device).DetachFromDisposeScope();
        (Count, Type, IsOnProcessor) = (count, type, device.type == DeviceType.CPU);
        _address = IsOnProcessor ? TensorMemory.AddressOf(Tensor) : 0;
    }

    /// <summary>The whole buffer, (Count).</summary>
    public Tensor Tensor { get; }

    /// <summary>Number of elements.</summary>
    public long Count { get; }

    /// <summary>Type of the elements.</summary>
    public ScalarType Type { get; }

    /// <summary>Whether the elements lie in memory that spans can reach.</summary>
    public bool IsOnProcessor { get; }

    /// <summary>Elements of a buffer on the processor, in place.</summary>
    /// <typeparam name="T">float, or ushort for the bits of BFloat16.</typeparam>
    /// <param name="start">First element.</param>
    /// <param name="length">Number of elements.</param>
    /// <exception cref="InvalidOperationException">The buffer is on another device.</exception>
    public unsafe Span<T> Span<T>(long start, int length)
        where T : unmanaged
    {
        if (!IsOnProcessor)
        {
            throw new InvalidOperationException($"The buffer is on {Tensor.device}; expected cpu.");
        }

        ArgumentOutOfRangeException.ThrowIfNegative(start);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(start + length, Count);
        return new Span<T>((T*)_address + start, length);
    }

    /// <summary>Copies elements out, whatever the device, as float32.</summary>
    /// <param name="start">First element.</param>
    /// <param name="destination">Filled.</param>
    public void Read(long start, Span<float> destination)
    {
        for (var done = 0; done < destination.Length; done += CopyLength)
        {
            var part = destination[done..Math.Min(done + CopyLength, destination.Length)];
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            var copy = Tensor.narrow(0, start + done, part.Length).to(ScalarType.Float32).cpu().contiguous();
            copy.data<float>().CopyTo(part);
        }
    }

    /// <summary>Copies elements in, whatever the device.</summary>
    /// <param name="start">First element.</param>
    /// <param name="source">The values.</param>
    public void Write(long start, ReadOnlySpan<float> source)
    {
        for (var done = 0; done < source.Length; done += CopyLength)
        {
            var part = source[done..Math.Min(done + CopyLength, source.Length)].ToArray();
            using var scope = NewDisposeScope();
            using var gradients = no_grad();
            Tensor.narrow(0, start + done, part.Length).copy_(tensor(part));
        }
    }

    /// <summary>Writes elements to a stream as little-endian float32.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="start">First element.</param>
    /// <param name="length">Number of elements.</param>
    public void WriteTo(Stream stream, long start, int length)
    {
        var values = new float[Math.Min(length, CopyLength)];
        for (var done = 0; done < length; done += values.Length)
        {
            var part = values.AsSpan(0, Math.Min(values.Length, length - done));
            Read(start + done, part);
            stream.Write(MemoryMarshal.AsBytes(part));
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Tensor.Dispose();
}
