using Google.Protobuf;
using PauseOnnx.Exporter.Onnx;

namespace PauseOnnx.Tests.Support;

/// <summary>ONNX files that our exporter would never write.</summary>
internal static class OnnxEdit
{
    /// <summary>Changes a file in place.</summary>
    public static void Change(string onnx, Action<ModelProto> change)
    {
        var model = ModelProto.Parser.ParseFrom(File.ReadAllBytes(onnx));
        change(model);
        File.WriteAllBytes(onnx, model.ToByteArray());
    }

    /// <summary>Changes what the embedding says of its place in the data file, such as <c>offset</c>.</summary>
    public static void SetExternal(string onnx, string key, string value) =>
        Change(onnx, m => m.Graph.Initializer.Single(t => t.Name == "model.embed_tokens.weight").ExternalData.Single(e => e.Key == key).Value = value);
}
