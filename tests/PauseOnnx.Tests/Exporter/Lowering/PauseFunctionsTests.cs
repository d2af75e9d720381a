using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Lowering;

/// <summary>The two operators of ai.pauseonnx alone in a file, run by ONNX Runtime.</summary>
public class PauseFunctionsTests
{
    private const int PauseId = 99;

    [Test]
    public void AppendPause_OnTheFirstCall_AppendsPausesAndCompletesTheMask()
    {
        var (ids, mask, positions) = AppendPause(ids: [0, 0, 5, 1, 2, 3], mask: [0, 0, 1, 1, 1, 1], batch: 2, past: 0, pauseCount: 2);
        Assert.That(ids, Is.EqualTo(new long[] { 0, 0, 5, 99, 99, 1, 2, 3, 99, 99 }));
        Assert.That(mask, Is.EqualTo(new long[] { 0, 0, 1, 1, 1, 1, 1, 1, 1, 1 }));
        Assert.That(positions, Is.EqualTo(new long[] { 0, 0, 0, 1, 2, 0, 1, 2, 3, 4 }));
    }

    [Test]
    public void AppendPause_OnALaterCall_OnlyCompletesTheMask()
    {
        // Three tokens and two pauses are in the cache; the host's mask counts three tokens and the new one.
        var (ids, mask, positions) = AppendPause(ids: [7, 8], mask: [0, 0, 1, 1, 1, 1, 1, 1], batch: 2, past: 5, pauseCount: 2);
        Assert.That(ids, Is.EqualTo(new long[] { 7, 8 }));
        Assert.That(mask, Is.EqualTo(new long[] { 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }));
        Assert.That(positions, Is.EqualTo(new long[] { 3, 5 }));
    }

    [Test]
    public void AppendPause_OfNoPauses_ChangesNothing()
    {
        var (ids, mask, positions) = AppendPause(ids: [4, 5], mask: [1, 1], batch: 1, past: 0, pauseCount: 0);
        Assert.That((ids, mask, positions), Is.EqualTo((new long[] { 4, 5 }, new long[] { 1, 1 }, new long[] { 0, 1 })));
    }

    [Test]
    public void AppendPause_GivenAMaskThatCountsThePauses_TakesItAsItIs()
    {
        var (_, mask, positions) = AppendPause(ids: [7], mask: [0, 1, 1, 1], batch: 1, past: 3, pauseCount: 2);
        Assert.That(mask, Is.EqualTo(new long[] { 0, 1, 1, 1 }));
        Assert.That(positions, Is.EqualTo(new long[] { 2 }));
    }

    [TestCase(0, new float[] { 5, 6 })]
    [TestCase(4, new float[] { 1, 2, 3, 4, 5, 6 })]
    public void DelayedOutput_LetsOnlyTheLastPositionThrough_OnTheFirstCall(int past, float[] expected)
    {
        var b = new GraphBuilder("test");
        var dims = new Letters();
        var hidden = b.Input("hidden", DType.Float32, [dims.B, dims.T, 2]);
        var pastLength = b.Input("past_length", DType.Int64, [1]);
        b.Output(PauseFunctions.CallDelayedOutput(b, dims, hidden, pastLength));

        var outputs = Run(b.Graph, OrtValue.CreateTensorValueFromMemory(new float[] { 1, 2, 3, 4, 5, 6 }, [1, 3, 2]), Length(past));
        Assert.That(outputs.Single(), Is.EqualTo(expected));
    }

    private static (long[] Ids, long[] Mask, long[] Positions) AppendPause(long[] ids, long[] mask, int batch, int past, long pauseCount)
    {
        var b = new GraphBuilder("test");
        var dims = new Letters();
        var idsInput = b.Input("input_ids", DType.Int64, [dims.B, dims.HostLength]);
        var maskInput = b.Input("attention_mask", DType.Int64, [dims.B, dims.HostMaskLength]);
        var pastLength = b.Input("past_length", DType.Int64, [1]);
        var count = b.Input("pause_count", DType.Int64, []);
        var (pausedIds, pausedMask, positions) = PauseFunctions.CallAppendPause(b, dims, idsInput, maskInput, pastLength, count, PauseId);
        b.Output(pausedIds);
        b.Output(pausedMask);
        b.Output(positions);

        var outputs = Run(
            b.Graph,
            OrtValue.CreateTensorValueFromMemory(ids, [batch, ids.Length / batch]),
            OrtValue.CreateTensorValueFromMemory(mask, [batch, mask.Length / batch]),
            Length(past),
            OrtValue.CreateTensorValueFromMemory([pauseCount], []));
        return ((long[])outputs[0], (long[])outputs[1], (long[])outputs[2]);
    }

    private static OrtValue Length(long past) => OrtValue.CreateTensorValueFromMemory([past], [1]);

    private static Array[] Run(Graph graph, params OrtValue[] inputs)
    {
        Assert.That(Verifier.FindFaults(graph), Is.Empty);
        using var folder = new TemporaryFolder();
        OnnxWriter.Write(graph, new ExternalData(graph), folder[FileNames.Onnx], []);
        using var session = new InferenceSession(folder[FileNames.Onnx]);
        using var options = new RunOptions();
        using var outputs = session.Run(options, [.. graph.Inputs.Select(i => i.Name)], inputs, [.. graph.Outputs.Select(o => o.Name)]);
        Array.ForEach(inputs, i => i.Dispose());
        return [.. outputs.Select((o, i) => graph.Outputs[i].Type == DType.Int64 ? o.GetTensorDataAsSpan<long>().ToArray() : (Array)o.GetTensorDataAsSpan<float>().ToArray())];
    }
}
