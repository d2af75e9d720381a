using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class OnnxMetadataTests
{
    [Test]
    public void Read_ExportedFile_IsWhatOnnxRuntimeReads()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(TinyExport.Write(folder.Root, TinyCheckpoint.Configs["gpt2"], pauseCount: 4), FileNames.Onnx);
        using var session = new InferenceSession(file);
        Assert.That(OnnxMetadata.Read(file), Is.EquivalentTo(session.ModelMetadata.CustomMetadataMap).And.Count.GreaterThan(5));
    }

    [Test]
    public void Read_OtherFile_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["model.onnx"], "This is a text.");
        Assert.That(() => OnnxMetadata.Read(folder["model.onnx"]), Throws.TypeOf<ModelFormatException>()
            .With.Message.StartsWith("This is no ONNX file: ").And.Message.EndsWith($"({folder["model.onnx"]})."));
    }
}
