using NUnit.Framework;
using PauseOnnx.Exporter.Ir;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>What a tensor writes, which must be as long as it says and announce each byte once.</summary>
internal static class TensorBytes
{
    public static byte[] Of(TensorData data)
    {
        using var stream = new MemoryStream();
        var advanced = 0L;
        data.Write(stream, bytes => advanced += bytes);
        Assert.That((stream.Length, advanced), Is.EqualTo((data.Length, data.Length)));
        return stream.ToArray();
    }
}
