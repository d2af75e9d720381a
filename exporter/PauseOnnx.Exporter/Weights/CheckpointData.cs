using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Weights;

/// <summary>float32 values from a checkpoint, read while they are written.</summary>
internal abstract class CheckpointData : TensorData
{
    /// <summary>Number of values.</summary>
    public abstract long Count { get; }

    public override long Length => Count * sizeof(float);

    /// <summary>Names the weight that a value is from, for messages: <c>Weight 'x' at [3, 5] (file)</c>.</summary>
    /// <param name="index">Index of the value here.</param>
    public abstract string Describe(long index);
}
