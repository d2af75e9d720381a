using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>
/// The first rows of a weight as it lies in the checkpoint, converted to float32 on the way from the memory map to the file.
/// </summary>
internal sealed class WeightData(CheckpointWeights weights, string name, long rows) : TensorData
{
    private readonly long _columns = weights[name].Entry.Shape.Skip(1).Aggregate(1L, (n, d) => n * d);

    public override long Length => rows * _columns * sizeof(float);

    public override string SharedBytes => name;

    public override void Write(Stream stream, Action<long> advance)
    {
        var (file, entry) = weights[name];
        var buffer = new float[1 << 18];
        for (long done = 0, total = rows * _columns; done < total;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(buffer.Length, total - done));
            file.ReadAsFloat(entry, done, part);
            FiniteWeights.Check(part, file, entry, done);
            stream.Write(MemoryMarshal.AsBytes(part));
            advance(part.Length * sizeof(float));
            done += part.Length;
        }
    }
}

/// <summary>Vectors one after the other.</summary>
internal sealed class JoinedVectorData(CheckpointWeights weights, IReadOnlyList<string> names) : TensorData
{
    private readonly WeightData[] _parts = [.. names.Select(n => new WeightData(weights, n, weights[n].Entry.Shape[0]))];

    public override long Length => _parts.Sum(p => p.Length);

    public override void Write(Stream stream, Action<long> advance)
    {
        foreach (var part in _parts)
        {
            part.Write(stream, advance);
        }
    }
}

/// <summary>
/// Linear weights [out, in] of one input, one beside the other and turned to [in, sum of out]: the operand of one MatMul.
/// </summary>
internal sealed class TransposedWeightData(CheckpointWeights weights, IReadOnlyList<string> names) : TensorData
{
    /// <summary>Rows of the result produced at once: reads of 256 bytes, and at most a few MB of buffer.</summary>
    private const int BlockRows = 64;

    private readonly (SafetensorsFile File, SafetensorsEntry Entry)[] _parts = [.. names.Select(n => weights[n])];

    public override long Length => _parts.Sum(p => p.Entry.Shape[0] * p.Entry.Shape[1] * sizeof(float));

    public override void Write(Stream stream, Action<long> advance)
    {
        var inputs = _parts[0].Entry.Shape[1];
        var outputs = (int)_parts.Sum(p => p.Entry.Shape[0]);
        var block = new float[BlockRows * outputs];
        for (long first = 0; first < inputs; first += BlockRows)
        {
            var rows = (int)Math.Min(BlockRows, inputs - first);
            var column = 0;
            foreach (var part in _parts)
            {
                FillColumns(part, first, rows, block, outputs, column);
                column += (int)part.Entry.Shape[0];
            }

            var filled = MemoryMarshal.AsBytes(block.AsSpan(0, rows * outputs));
            stream.Write(filled);
            advance(filled.Length);
        }
    }

    private static void FillColumns(
        (SafetensorsFile File, SafetensorsEntry Entry) part, long first, int rows, float[] block, int outputs, int column)
    {
        Span<float> inputs = stackalloc float[BlockRows];
        inputs = inputs[..rows];
        var (file, entry) = part;
        for (var output = 0; output < entry.Shape[0]; output++)
        {
            var start = (output * entry.Shape[1]) + first;
            file.ReadAsFloat(entry, start, inputs);
            FiniteWeights.Check(inputs, file, entry, start);
            for (var row = 0; row < rows; row++)
            {
                block[(row * outputs) + column + output] = inputs[row];
            }
        }
    }
}

/// <summary>A weight that is not a number spoils every answer: an export refuses it by name.</summary>
internal static class FiniteWeights
{
    /// <summary>Checks part of a weight.</summary>
    /// <param name="values">The part.</param>
    /// <param name="file">Where it is from.</param>
    /// <param name="entry">The weight.</param>
    /// <param name="first">Index of the part's first element in the weight.</param>
    /// <exception cref="ModelFormatException">An element is NaN or infinite.</exception>
    public static void Check(ReadOnlySpan<float> values, SafetensorsFile file, SafetensorsEntry entry, long first)
    {
        // The largest magnitude is NaN or infinite exactly when some element is.
        if (values.Length == 0 || float.IsFinite(TensorPrimitives.MaxMagnitude(values)))
        {
            return;
        }

        var index = 0;
        while (float.IsFinite(values[index]))
        {
            index++;
        }

        var place = new List<long>();
        var rest = first + index;
        foreach (var length in entry.Shape.Reverse())
        {
            place.Insert(0, rest % length);
            rest /= length;
        }

        throw new ModelFormatException($"Weight '{entry.Name}' is {values[index]} at [{string.Join(", ", place)}]; expected finite numbers ({file.Path}).");
    }
}
