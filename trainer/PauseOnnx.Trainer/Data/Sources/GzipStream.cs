using System.IO.Compression;

namespace PauseOnnx.Trainer;

/// <summary>Decompresses gzip of one or several members and notices where the data is cut off.</summary>
/// <remarks>
/// .NET's <see cref="GZipStream"/> takes the end of the file for the end of the data, wherever it comes. So a last member
/// with a known content is put behind the file: it comes out only where all data before it were whole.
/// </remarks>
internal sealed class GzipStream : ReadOnlyStream
{
    private static readonly byte[] Mark = "the end of the gzip data"u8.ToArray();
    private static readonly byte[] MarkMember = Compress(Mark);

    private readonly GZipStream _inner;
    private readonly byte[] _buffer = new byte[1 << 16];
    private int _start;
    private int _end;
    private bool _isAtEnd;

    /// <summary>Reads from a stream, which is disposed with this one.</summary>
    public GzipStream(Stream compressed) =>
        _inner = new GZipStream(new MarkedStream(compressed), CompressionMode.Decompress);

    /// <inheritdoc/>
    /// <exception cref="InvalidDataException">The data is no gzip, is damaged or cut off.</exception>
    public override int Read(Span<byte> buffer)
    {
        Fill();
        var count = Math.Min(buffer.Length, _end - _start - Mark.Length);
        _buffer.AsSpan(_start, count).CopyTo(buffer);
        _start += count;
        return count;
    }

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        _inner.Dispose();
        base.Dispose(disposing);
    }

    // The last bytes are held back, as they may be the mark.
    private void Fill()
    {
        while (!_isAtEnd && _end - _start <= Mark.Length)
        {
            _buffer.AsSpan(_start, _end - _start).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
            var count = _inner.Read(_buffer.AsSpan(_end));
            _end += count;
            _isAtEnd = count == 0;
            if (_isAtEnd && !_buffer.AsSpan(_start, _end - _start).SequenceEqual(Mark))
            {
                throw new InvalidDataException("The gzip data ends in the middle.");
            }
        }
    }

    private static byte[] Compress(byte[] content)
    {
        using var compressed = new MemoryStream();
        using (var gzip = new GZipStream(compressed, CompressionLevel.Optimal, leaveOpen: true))
        {
            gzip.Write(content);
        }

        return compressed.ToArray();
    }

    /// <summary>A stream with the mark's member behind it.</summary>
    private sealed class MarkedStream(Stream inner) : ReadOnlyStream
    {
        private int _marked;

        public override int Read(Span<byte> buffer)
        {
            var count = _marked == 0 ? inner.Read(buffer) : 0;
            if (count > 0 || buffer.Length == 0)
            {
                return count;
            }

            count = Math.Min(buffer.Length, MarkMember.Length - _marked);
            MarkMember.AsSpan(_marked, count).CopyTo(buffer);
            _marked += count;
            return count;
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
