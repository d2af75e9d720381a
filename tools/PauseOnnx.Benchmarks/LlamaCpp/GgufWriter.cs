using System.Text;

namespace PauseOnnx.Benchmarks.LlamaCpp;

/// <summary>
/// Writes GGUF version 3: magic, counts, metadata, descriptions of the tensors, and the tensors, each at a multiple of 32 bytes.
/// See <see href="https://github.com/ggml-org/ggml/blob/master/docs/gguf.md"/>.
/// </summary>
internal sealed class GgufWriter
{
    /// <summary>What tensors begin at multiples of, in bytes, counted from the first.</summary>
    public const int Alignment = 32;

    private const uint Version = 3;
    private readonly List<(string Key, uint Type, Action<BinaryWriter> Write)> _metadata = [];
    private readonly List<Tensor> _tensors = [];

    /// <summary>Adds a word to the metadata.</summary>
    public void Add(string key, string value) => _metadata.Add((key, 8, writer => WriteString(writer, value)));

    /// <summary>Adds a whole number to the metadata.</summary>
    public void Add(string key, int value) => _metadata.Add((key, 4, writer => writer.Write((uint)value)));

    /// <summary>Adds a float32 to the metadata.</summary>
    public void Add(string key, float value) => _metadata.Add((key, 6, writer => writer.Write(value)));

    /// <summary>Adds a tensor.</summary>
    /// <param name="name">llama.cpp's name.</param>
    /// <param name="type">How its numbers are held.</param>
    /// <param name="shape">Dimensions, outermost first, as everywhere but in GGUF itself.</param>
    /// <param name="read">Gives its values, row-major, when they are written.</param>
    /// <exception cref="ArgumentException">Its rows do not consist of whole blocks.</exception>
    public void Add(string name, GgufType type, IReadOnlyList<int> shape, Func<ReadOnlyMemory<float>> read)
    {
        if (type != GgufType.F32 && shape[^1] % GgufTypes.BlockLength != 0)
        {
            throw new ArgumentException($"The rows of '{name}' have {shape[^1]} values; expected a multiple of {GgufTypes.BlockLength} in {GgufTypes.NameOf(type)}.", nameof(shape));
        }

        _tensors.Add(new(name, type, shape, read));
    }

    /// <summary>Writes the file.</summary>
    /// <exception cref="IOException">It cannot be written.</exception>
    public void Save(string file)
    {
        using var writer = new BinaryWriter(File.Create(file));
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_metadata.Count);
        foreach (var (key, type, write) in _metadata)
        {
            WriteString(writer, key);
            writer.Write(type);
            write(writer);
        }

        var offset = 0L;
        foreach (var tensor in _tensors)
        {
            WriteString(writer, tensor.Name);
            writer.Write((uint)tensor.Shape.Count);
            foreach (var length in tensor.Shape.Reverse())
            {
                writer.Write((ulong)length);
            }

            writer.Write((uint)tensor.Type);
            writer.Write((ulong)offset);
            offset = Align(offset + tensor.Bytes);
        }

        foreach (var tensor in _tensors)
        {
            Pad(writer);
            var bytes = new byte[tensor.Bytes];
            GgufBlocks.Encode(tensor.Type, tensor.Read().Span, bytes);
            writer.Write(bytes);
        }

        Pad(writer);
    }

    private static long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private static void Pad(BinaryWriter writer)
    {
        writer.Flush();
        var position = writer.BaseStream.Position;
        writer.Write(new byte[Align(position) - position]);
    }

    private static void WriteString(BinaryWriter writer, string value)
    {
        var bytes = Encoding.UTF8.GetBytes(value);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private sealed record Tensor(string Name, GgufType Type, IReadOnlyList<int> Shape, Func<ReadOnlyMemory<float>> Read)
    {
        public long Bytes => GgufTypes.BytesOf(Type, Shape.Aggregate(1L, (n, d) => n * d));
    }
}
