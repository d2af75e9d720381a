using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Exporter.Weights;

/// <summary>A tensor that something larger computes when it is written.</summary>
internal sealed class ComputedData(long length, Action<Stream, Action<long>> write) : TensorData
{
    public override long Length => length;

    public override void Write(Stream stream, Action<long> advance) => write(stream, advance);
}
