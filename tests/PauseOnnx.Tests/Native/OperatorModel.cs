using Google.Protobuf;
using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Native;

/// <summary>A tensor as its bytes, so that equal means equal to the last bit; strings are empty and have none.</summary>
internal sealed record TensorBytes(TensorElementType Type, long[] Shape, byte[] Bytes)
{
    public static TensorBytes Of(long[] shape, params long[] values) =>
        new(TensorElementType.Int64, shape, [.. values.SelectMany(BitConverter.GetBytes)]);
}

/// <summary>
/// One operator alone in a file with its function, and two sessions of that file: one runs the function, one the native
/// operator. Its inputs are of any rank, so that checking them is left to the operator.
/// </summary>
internal sealed class OperatorModel : IDisposable
{
    public const int PauseId = 99;

    private readonly string[] _inputs;
    private readonly string[] _outputs;
    private readonly InferenceSession _function;
    private readonly InferenceSession _native;

    private OperatorModel(GraphBuilder b, TensorElementType firstInput)
    {
        var model = ToBytes(b.Graph, firstInput);
        (_inputs, _outputs) = ([.. b.Graph.Inputs.Select(i => i.Name)], [.. b.Graph.Outputs.Select(o => o.Name)]);
        (_function, _native) = (Load(model, isNative: false), Load(model, isNative: true));
    }

    public static OperatorModel AppendPause()
    {
        var (b, dims) = (new GraphBuilder("append_pause"), new Letters());
        var ids = b.Input("input_ids", DType.Int64, [dims.B, dims.HostLength]);
        var mask = b.Input("attention_mask", DType.Int64, [dims.B, dims.HostMaskLength]);
        var pastLength = b.Input("past_length", DType.Int64, [1]);
        var pauseCount = b.Input("pause_count", DType.Int64, []);
        var (pausedIds, pausedMask, positions) = PauseFunctions.CallAppendPause(b, dims, ids, mask, pastLength, pauseCount, PauseId);
        Array.ForEach([pausedIds, pausedMask, positions], b.Output);
        return new(b, TensorElementType.Int64);
    }

    public static OperatorModel DelayedOutput(TensorElementType type)
    {
        var (b, dims) = (new GraphBuilder("delayed_output"), new Letters());
        var hidden = b.Input("hidden", DType.Float32, [dims.B, dims.T, 2]);
        var pastLength = b.Input("past_length", DType.Int64, [1]);
        b.Output(PauseFunctions.CallDelayedOutput(b, dims, hidden, pastLength));
        return new(b, type);
    }

    public TensorBytes[] RunFunction(params TensorBytes[] inputs) => Run(_function, inputs);

    public TensorBytes[] RunNative(params TensorBytes[] inputs) => Run(_native, inputs);

    public void Dispose()
    {
        _function.Dispose();
        _native.Dispose();
    }

    private TensorBytes[] Run(InferenceSession session, TensorBytes[] inputs)
    {
        OrtValue[] values = [.. inputs.Select(ToValue)];
        using var options = new RunOptions();
        try
        {
            using var outputs = session.Run(options, _inputs, values, _outputs);
            return [.. outputs.Select(ToTensor)];
        }
        finally
        {
            Array.ForEach(values, v => v.Dispose());
        }
    }

    private static OrtValue ToValue(TensorBytes tensor)
    {
        if (tensor.Type == TensorElementType.String)
        {
            return OrtValue.CreateTensorWithEmptyStrings(OrtAllocator.DefaultInstance, tensor.Shape);
        }

        var value = OrtValue.CreateAllocatedTensorValue(OrtAllocator.DefaultInstance, tensor.Type, tensor.Shape);
        tensor.Bytes.CopyTo(value.GetTensorMutableRawData());
        return value;
    }

    private static TensorBytes ToTensor(OrtValue value)
    {
        var info = value.GetTensorTypeAndShape();
        return new(info.ElementDataType, info.Shape, value.GetTensorMutableRawData().ToArray());
    }

    private static InferenceSession Load(byte[] model, bool isNative)
    {
        using var options = NativeOps.CreateOptions(isNative);
        return new InferenceSession(model, options);
    }

    // The file declares no shapes, and any type for the operator's first input and output.
    private static byte[] ToBytes(Graph graph, TensorElementType firstInput)
    {
        using var folder = new TemporaryFolder();
        OnnxWriter.Write(graph, new ExternalData(graph), folder[FileNames.Onnx], []);
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(folder[FileNames.Onnx]));
        foreach (var value in model.Graph.Input.Concat(model.Graph.Output))
        {
            value.Type.TensorType.Shape = null;
        }

        model.Graph.Input[0].Type.TensorType.ElemType = (int)firstInput;
        model.Graph.Output[0].Type.TensorType.ElemType = (int)firstInput;
        return model.ToByteArray();
    }
}
