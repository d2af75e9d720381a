using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Weights;

/// <summary>float32 values rounded to float16 or bfloat16 while they are written, to nearest, ties to even.</summary>
internal sealed class ConvertedData : TensorData
{
    private readonly TensorData _source;
    private readonly DType _type;

    /// <summary>Converts a tensor.</summary>
    /// <param name="source">float32 values.</param>
    /// <param name="type"><see cref="DType.Float16"/> or <see cref="DType.BFloat16"/>.</param>
    /// <exception cref="ArgumentOutOfRangeException">The type is another.</exception>
    public ConvertedData(TensorData source, DType type)
    {
        if (type is not (DType.Float16 or DType.BFloat16))
        {
            throw new ArgumentOutOfRangeException(nameof(type), type, $"Expected {DType.Float16} or {DType.BFloat16}.");
        }

        (_source, _type) = (source, type);
    }

    public override long Length => _source.Length / 2;

    public override string? SharedBytes => _source.SharedBytes is { } key ? $"{key} as {_type}" : null;

    /// <inheritdoc/>
    /// <exception cref="ModelFormatException">A value is too large for the type.</exception>
    public override void Write(Stream stream, Action<long> advance)
    {
        using var converting = new ConvertingStream(this, stream, advance);
        _source.Write(converting, _ => { });
    }

    private void Convert(ReadOnlySpan<float> values, Span<ushort> converted, long first)
    {
        if (_type == DType.Float16)
        {
            TensorPrimitives.ConvertToHalf(values, MemoryMarshal.Cast<ushort, Half>(converted));
        }
        else
        {
            Shorten(MemoryMarshal.Cast<float, uint>(values), converted);
        }

        var (infinity, limit) = _type == DType.Float16 ? (0x7C00, (float)Half.MaxValue) : (0x7F80, float.MaxValue);
        if (IndexOfInfinity(converted, (ushort)infinity) is >= 0 and var i)
        {
            var place = _source is CheckpointData data ? data.Describe(first + i) : $"Constant at [{first + i}]";
            throw new ModelFormatException($"{place} is {values[i]}; expected at most {limit} for {_type}: export it in float32.");
        }
    }

    // But for their sign, infinities are the largest there are.
    private static int IndexOfInfinity(ReadOnlySpan<ushort> values, ushort infinity)
    {
        const ushort magnitude = 0x7FFF;
        var (i, lanes) = (0, Vector<ushort>.Count);
        while (i <= values.Length - lanes && Vector.LessThanAll(new Vector<ushort>(values[i..]) & new Vector<ushort>(magnitude), new Vector<ushort>(infinity)))
        {
            i += lanes;
        }

        while (i < values.Length && (values[i] & magnitude) < infinity)
        {
            i++;
        }

        return i < values.Length ? i : -1;
    }

    // The upper half of a float32, rounded to even by what is cut off.
    private static void Shorten(ReadOnlySpan<uint> values, Span<ushort> converted)
    {
        var (done, lanes) = (0, Vector<uint>.Count);
        for (; done <= values.Length - (2 * lanes); done += 2 * lanes)
        {
            Vector.Narrow(Upper(new(values[done..])), Upper(new(values[(done + lanes)..]))).CopyTo(converted[done..]);
        }

        for (; done < values.Length; done++)
        {
            converted[done] = (ushort)((values[done] + 0x7FFF + ((values[done] >> 16) & 1)) >> 16);
        }

        static Vector<uint> Upper(Vector<uint> bits) => (bits + new Vector<uint>(0x7FFF) + ((bits >>> 16) & Vector<uint>.One)) >>> 16;
    }

    /// <summary>Takes float32 values and passes them on converted.</summary>
    private sealed class ConvertingStream(ConvertedData data, Stream inner, Action<long> advance) : Stream
    {
        private const int BlockValues = 1 << 16;

        private readonly ushort[] _block = ArrayPool<ushort>.Shared.Rent(BlockValues);
        private long _count;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position { get => throw new NotSupportedException(); set => throw new NotSupportedException(); }

        public override void Write(ReadOnlySpan<byte> buffer)
        {
            var values = MemoryMarshal.Cast<byte, float>(buffer);
            while (values.Length > 0)
            {
                var part = values[..Math.Min(values.Length, BlockValues)];
                var converted = _block.AsSpan(0, part.Length);
                data.Convert(part, converted, _count);
                inner.Write(MemoryMarshal.AsBytes(converted));
                advance(converted.Length * sizeof(ushort));
                _count += part.Length;
                values = values[part.Length..];
            }
        }

        public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            ArrayPool<ushort>.Shared.Return(_block);
            base.Dispose(disposing);
        }
    }
}
