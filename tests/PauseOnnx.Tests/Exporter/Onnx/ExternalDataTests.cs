using NUnit.Framework;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Onnx;

public class ExternalDataTests
{
    private static readonly byte[] Page = [.. Enumerable.Range(0, 5000).Select(i => (byte)i)];

    [Test]
    public void Write_PutsEachTensorWhereTheLayoutSays()
    {
        using var folder = new TemporaryFolder();
        var graph = new Graph("g");
        Initializer Add(string name, byte[] bytes) => Added(graph, name, bytes.Length, ConstantData.Of<byte>(bytes));
        var (small, first, second, third) = (Add("small", [1, 2]), Add("first", Page[..1025]), Add("second", Page[..2000]), Add("third", Page));
        var data = new ExternalData(graph);
        Assert.That(new[] { small, first, second, third }.Select(data.OffsetOf), Is.EqualTo(new long?[] { null, 0, 1088, 4096 }));
        Assert.That((data.Count, data.Length), Is.EqualTo((3, 4096 + 5000)));

        var advanced = 0L;
        data.Write(folder["onnx/data"], bytes => advanced += bytes);
        byte[] expected = [.. Page[..1025], .. new byte[63], .. Page[..2000], .. new byte[1008], .. Page];
        Assert.That(File.ReadAllBytes(folder["onnx/data"]), Is.EqualTo(expected));
        Assert.That(advanced, Is.EqualTo(expected.Length));
    }

    [Test]
    public void Write_OfATensorThatLies_IsRefused()
    {
        using var folder = new TemporaryFolder();
        var graph = new Graph("g");
        Added(graph, "x", 100, new ComputedData(100, (stream, _) => stream.Write(new byte[99])));
        Assert.That(() => new ExternalData(graph).Write(folder["data"], _ => { }), Throws.InvalidOperationException
            .With.Message.EqualTo($"A tensor wrote 99 bytes; expected 100 ({folder["data"]})."));
    }

    [Test]
    public void EarlyFlush_AtEachStep_SendsTheFileOn()
    {
        using var folder = new TemporaryFolder();
        using var stream = new FileStream(folder["data"], FileMode.Create, FileAccess.Write);
        using var flush = new EarlyFlush(stream.SafeFileHandle, step: 10);
        foreach (var length in new[] { 9, 10, 25 })
        {
            stream.Write(new byte[length - stream.Position]);
            flush.Written(stream.Position);
            Assert.That(flush.Wait, Throws.Nothing);
        }
    }

    [Test]
    public void EarlyFlush_ThatFailed_IsNotForgotten()
    {
        using var folder = new TemporaryFolder();
        var handle = File.OpenHandle(folder["data"], FileMode.Create, FileAccess.Write);
        handle.Dispose();
        using var flush = new EarlyFlush(handle, step: 10);
        Assert.That(() => flush.Written(9), Throws.Nothing);
        flush.Written(10);
        Assert.That(flush.Wait, Throws.TypeOf<ObjectDisposedException>());
        Assert.That(() => flush.Written(20), Throws.TypeOf<ObjectDisposedException>());
    }

    private static Initializer Added(Graph graph, string name, long length, TensorData data)
    {
        var initializer = new Initializer(new Value(name, DType.UInt8, [length]), data);
        graph.Add(initializer);
        return initializer;
    }
}
