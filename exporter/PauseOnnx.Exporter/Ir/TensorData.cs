using System.Runtime.InteropServices;

namespace PauseOnnx.Exporter.Ir;

/// <summary>The bytes of an initializer, little-endian and row-major, or the way to produce them.</summary>
internal abstract class TensorData
{
    /// <summary>Size in bytes.</summary>
    public abstract long Length { get; }

    /// <summary>Tensors with the same key begin with the same bytes, so that a file need hold only the longest.</summary>
    /// <value>Default: null, shared with none.</value>
    public virtual string? SharedBytes => null;

    /// <summary>Writes exactly <see cref="Length"/> bytes.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="advance">Called with the number of bytes after each part; may throw to cancel.</param>
    public abstract void Write(Stream stream, Action<long> advance);
}

/// <summary>Values held in memory: shapes, axes, tables of positions.</summary>
internal sealed class ConstantData : TensorData
{
    private readonly byte[] _bytes;

    private ConstantData(byte[] bytes) => _bytes = bytes;

    public override long Length => _bytes.Length;

    /// <summary>The bytes.</summary>
    public ReadOnlySpan<byte> Bytes => _bytes;

    /// <summary>The values, read as <typeparamref name="T"/>.</summary>
    public ReadOnlySpan<T> As<T>() where T : unmanaged => MemoryMarshal.Cast<byte, T>(_bytes);

    public static ConstantData Of<T>(params ReadOnlySpan<T> values) where T : unmanaged => new(MemoryMarshal.AsBytes(values).ToArray());

    public override void Write(Stream stream, Action<long> advance)
    {
        stream.Write(_bytes);
        advance(_bytes.Length);
    }
}

/// <summary>A value that the model file carries.</summary>
internal sealed record Initializer(Value Value, TensorData Data);
