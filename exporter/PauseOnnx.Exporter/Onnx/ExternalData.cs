using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Onnx;

/// <summary>
/// Which initializers lie in the data file, and where. Small constants stay in the model file, where shape inference sees
/// them. Tensors of a page or more begin on a page, so that a runtime can map them.
/// </summary>
internal sealed class ExternalData
{
    private const int PageBytes = 4096;
    private const int VectorBytes = 64;
    private const int LargestInline = 1024;
    private const int BufferBytes = 1 << 16;

    private readonly Dictionary<string, long> _offsets = [];
    private readonly List<(long Offset, TensorData Data)> _layout = [];

    /// <summary>Lays the initializers of a graph out.</summary>
    public ExternalData(Graph graph)
    {
        var external = graph.Initializers.Where(i => i.Data is not ConstantData || i.Data.Length > LargestInline);
        foreach (var group in external.GroupBy(i => i.Data.SharedBytes ?? i.Value.Name))
        {
            var longest = group.MaxBy(i => i.Data.Length)!.Data;
            var alignment = longest.Length >= PageBytes ? PageBytes : VectorBytes;
            var offset = (Length + alignment - 1) / alignment * alignment;
            _layout.Add((offset, longest));
            Length = offset + longest.Length;
            foreach (var initializer in group)
            {
                _offsets[initializer.Value.Name] = offset;
            }
        }
    }

    /// <summary>Size of the data file in bytes.</summary>
    public long Length { get; private set; }

    /// <summary>Number of initializers in the data file.</summary>
    public int Count => _offsets.Count;

    /// <summary>First byte of an initializer in the data file; null for one that stays in the model file.</summary>
    public long? OffsetOf(Initializer initializer) => _offsets.TryGetValue(initializer.Value.Name, out var offset) ? offset : null;

    /// <summary>Writes the data file.</summary>
    /// <param name="file">Where to.</param>
    /// <param name="advance">Called with the number of bytes after each part; may throw to cancel.</param>
    /// <exception cref="IOException">The file cannot be written; the message names it.</exception>
    /// <exception cref="InvalidOperationException">A tensor wrote another number of bytes than it said.</exception>
    public void Write(string file, Action<long> advance)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!);
        try
        {
            using var stream = new FileStream(file, FileMode.Create, FileAccess.Write, FileShare.None, BufferBytes);
            using var flush = new EarlyFlush(stream.SafeFileHandle);
            foreach (var (offset, data) in _layout)
            {
                var padding = new byte[offset - stream.Position];
                stream.Write(padding);
                advance(padding.Length);
                data.Write(stream, advance);
                if (stream.Position != offset + data.Length)
                {
                    throw new InvalidOperationException($"A tensor wrote {stream.Position - offset} bytes; expected {data.Length} ({file}).");
                }

                flush.Written(stream.Position);
            }

            flush.Wait();
        }
        catch (Exception e) when (IsWriteFault(e))
        {
            throw new IOException($"Cannot write {Length} bytes of weights to '{file}': {e.Message}", e);
        }
    }

    /// <summary>Whether the system refused to write. .NET reports a file too large for its file system as an argument out of range.</summary>
    public static bool IsWriteFault(Exception e) => e is IOException or ArgumentOutOfRangeException;
}
