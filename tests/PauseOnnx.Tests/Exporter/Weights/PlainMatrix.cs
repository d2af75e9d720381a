using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>A matrix in memory that counts what is read.</summary>
internal sealed class PlainMatrix(long inputs, int outputs, float[] values) : MatrixData
{
    private long _read;

    /// <summary>[Inputs, Outputs].</summary>
    public float[] Values => values;

    /// <summary>Values read so far.</summary>
    public long ReadCount => _read;

    public override long Inputs => inputs;

    public override int Outputs => outputs;

    /// <summary>Normally distributed, the same each time.</summary>
    public static PlainMatrix Random(int inputs, int outputs, int seed = 1)
    {
        var random = new Random(seed);
        return new(inputs, outputs, [.. Enumerable.Range(0, inputs * outputs).Select(_ =>
            (float)(0.02 * Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble())))]);
    }

    public override void Read(long firstInput, int inputs, int firstOutput, int outputs, Span<float> tile, int stride)
    {
        Interlocked.Add(ref _read, inputs * outputs);
        for (var input = 0; input < inputs; input++)
        {
            values.AsSpan((int)((firstInput + input) * Outputs) + firstOutput, outputs).CopyTo(tile[(input * stride)..]);
        }
    }

    public override void Release()
    {
    }

    public override string Describe(long index) => $"Element {index}";
}
