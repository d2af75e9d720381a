using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>A tensor that lies in a data file, and is read only when it is written.</summary>
/// <param name="file">The data file.</param>
/// <param name="offset">Its first byte there.</param>
/// <param name="length">Its size in bytes.</param>
internal sealed class FileData(string file, long offset, long length) : TensorData
{
    private const int BufferBytes = 1 << 20;

    public override long Length => length;

    public override string SharedBytes => $"{file}@{offset}";

    public override void Write(Stream stream, Action<long> advance)
    {
        using var source = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        source.Position = offset;
        var buffer = new byte[Math.Min(BufferBytes, length)];
        for (var rest = length; rest > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(rest, buffer.Length));
            source.ReadExactly(part);
            stream.Write(part);
            advance(part.Length);
            rest -= part.Length;
        }
    }
}
