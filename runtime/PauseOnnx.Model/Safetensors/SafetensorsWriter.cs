using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text.Json.Nodes;

namespace PauseOnnx.Model.Safetensors;

/// <summary>Collects tensors and writes them to a safetensors file, in the order added.</summary>
public sealed class SafetensorsWriter
{
    private readonly List<(string Name, SafetensorsType Type, long[] Shape, long Length, Action<Stream> Write)> _tensors = [];
    private readonly Dictionary<string, string> _metadata = [];

    /// <summary>Adds a string under <c>__metadata__</c>.</summary>
    public SafetensorsWriter Metadata(string key, string value)
    {
        _metadata[key] = value;
        return this;
    }

    /// <summary>Adds a tensor whose bytes are written later.</summary>
    /// <param name="name">Its key; once a file.</param>
    /// <param name="type">Element type.</param>
    /// <param name="shape">Dimensions, outermost first.</param>
    /// <param name="write">Writes exactly the tensor's bytes, little-endian and row-major.</param>
    /// <exception cref="ArgumentException">The name was added before.</exception>
    public SafetensorsWriter Add(string name, SafetensorsType type, IReadOnlyList<long> shape, Action<Stream> write)
    {
        if (_tensors.Exists(t => t.Name == name))
        {
            throw new ArgumentException($"Tensor '{name}' was added before; expected each name once.", nameof(name));
        }

        var length = shape.Aggregate((long)SafetensorsEntry.SizeOf(type), (product, dimension) => checked(product * dimension));
        _tensors.Add((name, type, [.. shape], length, write));
        return this;
    }

    /// <summary>Adds float32 values.</summary>
    public SafetensorsWriter Add(string name, IReadOnlyList<long> shape, float[] values) =>
        Add(name, SafetensorsType.F32, shape, stream => stream.Write(MemoryMarshal.AsBytes<float>(values)));

    /// <summary>Adds int64 values.</summary>
    public SafetensorsWriter Add(string name, IReadOnlyList<long> shape, long[] values) =>
        Add(name, SafetensorsType.I64, shape, stream => stream.Write(MemoryMarshal.AsBytes<long>(values)));

    /// <summary>Writes the file and flushes it to the disk.</summary>
    /// <exception cref="IOException">The file cannot be written.</exception>
    /// <exception cref="InvalidOperationException">A tensor wrote another number of bytes than its shape has.</exception>
    public void Save(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
            stream.Write(Header());
            foreach (var (name, _, _, length, write) in _tensors)
            {
                Write(stream, name, length, write);
            }

            stream.Flush(flushToDisk: true);
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            // .NET reports a file too large for its file system (EFBIG) as an argument out of range.
            throw new IOException($"Cannot write {_tensors.Sum(t => t.Length)} bytes of weights to '{path}': {e.Message}", e);
        }
    }

    private static void Write(FileStream stream, string name, long length, Action<Stream> write)
    {
        var start = stream.Position;
        write(stream);
        if (stream.Position - start != length)
        {
            throw new InvalidOperationException($"Tensor '{name}' wrote {stream.Position - start} bytes; expected {length} ({stream.Name}).");
        }
    }

    private byte[] Header()
    {
        var header = new JsonObject();
        if (_metadata.Count > 0)
        {
            header["__metadata__"] = new JsonObject(_metadata.Select(m => KeyValuePair.Create(m.Key, (JsonNode?)m.Value)));
        }

        long offset = 0;
        foreach (var (name, type, shape, length, _) in _tensors)
        {
            header[name] = new JsonObject
            {
                ["dtype"] = type.ToString(),
                ["shape"] = new JsonArray([.. shape.Select(d => (JsonNode)d)]),
                ["data_offsets"] = new JsonArray(offset, offset + length),
            };
            offset += length;
        }

        // Spaces after the JSON align the data to 8 bytes, as the format suggests.
        var json = System.Text.Encoding.UTF8.GetBytes(header.ToJsonString());
        var padded = (json.Length + 7) / 8 * 8;
        var bytes = new byte[SafetensorsHeader.PrefixLength + padded];
        BinaryPrimitives.WriteUInt64LittleEndian(bytes, (ulong)padded);
        json.CopyTo(bytes, SafetensorsHeader.PrefixLength);
        bytes.AsSpan(SafetensorsHeader.PrefixLength + json.Length).Fill((byte)' ');
        return bytes;
    }
}
