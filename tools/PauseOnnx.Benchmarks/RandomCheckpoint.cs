using System.Numerics;
using System.Runtime.InteropServices;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Benchmarks;

/// <summary>A checkpoint of any size with random weights, the same each time, at the speed of the disk.</summary>
internal static class RandomCheckpoint
{
    private const int BlockValues = 1 << 20;

    /// <summary>Writes config.json, generation_config.json, a tokenizer and model.safetensors, unless they are there.</summary>
    /// <param name="folder">Where checkpoints lie.</param>
    /// <param name="shape">The model.</param>
    /// <returns>The checkpoint's folder.</returns>
    public static string Generate(string folder, ExportShape shape)
    {
        var checkpoint = Path.Combine(folder, $"checkpoint-{shape.Name}");
        if (!File.Exists(Path.Combine(checkpoint, FileNames.Config)))
        {
            Console.Error.WriteLine($"generating {checkpoint}");
            Write(checkpoint, shape.CreateConfig());
        }

        return checkpoint;
    }

    private static void Write(string folder, ModelConfig config)
    {
        Directory.CreateDirectory(folder);
        var writer = new SafetensorsWriter();
        var seed = 0u;
        foreach (var (name, shape) in new WeightNames(config).All())
        {
            var (number, count) = (seed++, shape.Aggregate(1L, (n, d) => n * d));
            var (mean, deviation) = shape.Count == 1 ? (1f, 0.1f) : (0f, 1 / MathF.Sqrt(shape[^1]));
            writer.Add(name, SafetensorsType.F32, [.. shape.Select(d => (long)d)], stream => Write(stream, number, count, mean, deviation));
        }

        writer.Save(Path.Combine(folder, FileNames.Weights));
        new GenerationConfig { MaxNewTokens = 8 }.Write(Path.Combine(folder, FileNames.GenerationConfig));
        WriteTokenizer(folder, config);
        ModelConfigJson.Write(config, Path.Combine(folder, FileNames.Config), eosTokenId: null);
    }

    // Single bytes, then pairs of them: as many merges as a trained tokenizer of this size has. Printable characters come first,
    // so that English takes a token for two characters even where there are not all pairs.
    private static void WriteTokenizer(string folder, ModelConfig config)
    {
        var count = config.OrdinaryVocabSize - 1;
        string[] bytes = [.. Enumerable.Range(0, 256).Select(i => $"{ByteLevelAlphabet.ToSymbol((byte)(i + ' '))}")];
        var pairs = Enumerable.Range(0, bytes.Length).SelectMany(a => Enumerable.Range(0, bytes.Length).Select(b => (a, b))).OrderBy(p => Math.Max(p.a, p.b));
        (string Left, string Right)[] merges = [.. pairs.Select(p => (bytes[p.a], bytes[p.b])).Take(Math.Max(0, count - bytes.Length))];
        TokenizerFiles.Write(folder, [.. bytes.Concat(merges.Select(m => m.Left + m.Right)).Take(count)], merges, config.MaxPositionEmbeddings);
    }

    private static void Write(Stream stream, uint seed, long count, float mean, float deviation)
    {
        var block = new float[BlockValues];
        for (var first = 0L; first < count; first += BlockValues)
        {
            Fill(MemoryMarshal.Cast<float, Vector<float>>(block.AsSpan()), (seed * 0x9E3779B9) ^ (uint)(first / BlockValues * 0x85EBCA6B), mean, deviation);
            stream.Write(MemoryMarshal.AsBytes(block.AsSpan(0, (int)Math.Min(BlockValues, count - first))));
        }
    }

    // A hash of each value's number (the last step of MurmurHash3); the sum of its four bytes is nearly normal, of mean 510
    // and deviation 147.8.
    private static void Fill(Span<Vector<float>> values, uint seed, float mean, float deviation)
    {
        const float bytesMean = 510, bytesDeviation = 147.8f;
        var scale = new Vector<float>(deviation / bytesDeviation);
        var shift = new Vector<float>(mean - (bytesMean * deviation / bytesDeviation));
        var low = new Vector<uint>(0xFF);
        var number = new Vector<uint>(seed) + Vector<uint>.Indices;
        for (var i = 0; i < values.Length; i++)
        {
            var hash = number * 0xCC9E2D51;
            hash = (hash ^ (hash >>> 16)) * 0x85EBCA6B;
            hash = (hash ^ (hash >>> 13)) * 0xC2B2AE35;
            hash ^= hash >>> 16;
            var sum = (hash & low) + ((hash >>> 8) & low) + ((hash >>> 16) & low) + (hash >>> 24);
            values[i] = Vector.FusedMultiplyAdd(Vector.ConvertToSingle(sum.As<uint, int>()), scale, shift);
            number += new Vector<uint>((uint)Vector<uint>.Count);
        }
    }
}
