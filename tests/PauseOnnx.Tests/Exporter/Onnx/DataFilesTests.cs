using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Onnx;

/// <summary>
/// An ONNX file from elsewhere names its data file: neither our reader nor ONNX Runtime, through which the runtime loads it,
/// follows it out of the model's folder.
/// </summary>
public class DataFilesTests
{
    private TemporaryFolder _folder = null!;
    private string _model = null!;
    private string _onnx = null!;
    private string _data = null!;

    [SetUp]
    public void Export()
    {
        _folder = new TemporaryFolder();
        _model = TinyExport.Write(_folder.Root, TinyCheckpoint.Configs["llama"], 4);
        (_onnx, _data) = (Path.Combine(_model, FileNames.Onnx), Path.Combine(_model, FileNames.OnnxData));
        File.Copy(_data, _folder["outside"]);
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void AbsolutePath_IsRefused()
    {
        OnnxEdit.SetExternal(_onnx, "location", _folder["outside"]);
        AssertRefused($"Data file '{_folder["outside"]}' is refused; expected a path inside the folder of the model, without '..'", "Absolute path not allowed");
    }

    [Test]
    public void PathUpwards_IsRefused()
    {
        OnnxEdit.SetExternal(_onnx, "location", "../../outside");
        AssertRefused("Data file '../../outside' is refused; expected a path inside the folder of the model, without '..'", "escapes model directory");
    }

    [Test]
    [Platform("Linux,MacOsX", Reason = "makes links as a POSIX user may")]
    public void LinkOutOfTheFolder_IsRefused()
    {
        File.Delete(_data);
        File.CreateSymbolicLink(_data, _folder["outside"]);
        AssertRefused($"Data file 'model.onnx_data' is a link to '{_folder["outside"]}'; expected a file inside the folder of the model", "escapes model directory");
    }

    [Test]
    [Platform("Linux,MacOsX", Reason = "makes links as a POSIX user may")]
    public void FolderThatIsALinkOutOfTheFolder_IsRefused()
    {
        Directory.CreateSymbolicLink(Path.Combine(_model, "onnx", "sub"), _folder.Root);
        OnnxEdit.SetExternal(_onnx, "location", "sub/outside");
        AssertRefused($"Data file 'sub/outside' is a link to '{_folder["outside"]}'", "escapes model directory");
    }

    [Test]
    public void NoPath_IsRefused()
    {
        OnnxEdit.SetExternal(_onnx, "location", "");
        AssertRefused("Data file '' is refused", "location cannot be empty");
    }

    [TestCase("offset", "-4096", "Initializer 'model.embed_tokens.weight' has offset '-4096' in its data file; expected a number of bytes from 0")]
    [TestCase("length", "-1", "Initializer 'model.embed_tokens.weight' has length '-1' in its data file; expected a number of bytes from 0")]
    [TestCase("offset", "99999999999999999999", "Initializer 'model.embed_tokens.weight' has offset '99999999999999999999' in its data file")]
    [TestCase("length", "4 kB", "Initializer 'model.embed_tokens.weight' has length '4 kB' in its data file")]
    [TestCase("offset", "9223372036854775807", "Data file 'model.onnx_data' has 25984 bytes; expected at least 9223372036854777151: it is truncated")]
    [TestCase("length", "9223372036854775807", "Initializer 'model.embed_tokens.weight' has 9223372036854775807 bytes; expected 1344 for Float32 [21, 16]; Data file 'model.onnx_data' has 25984 bytes; expected at least 9223372036854775807")]
    [TestCase("length", "4", "Initializer 'model.embed_tokens.weight' has 4 bytes; expected 1344 for Float32 [21, 16]")]
    public void PlaceThatCannotBe_IsRefused(string key, string value, string expected)
    {
        OnnxEdit.SetExternal(_onnx, key, value);
        AssertRefused(expected, "ONNX Runtime cannot load the graph: ");
    }

    [Test]
    public void FileInASubfolder_IsRead()
    {
        Directory.CreateDirectory(Path.Combine(_model, "onnx", "sub"));
        File.Copy(_data, Path.Combine(_model, "onnx", "sub", "data"));
        OnnxEdit.SetExternal(_onnx, "location", "sub/data");
        AssertRead();
    }

    [Test]
    [Platform("Linux,MacOsX", Reason = "makes links as a POSIX user may")]
    public void LinksOfTheHuggingFaceHubsCache_AreFollowed()
    {
        var blobs = Directory.CreateDirectory(_folder["blobs"]).FullName;
        foreach (var (file, blob) in new[] { (_onnx, Path.Combine(blobs, "a1")), (_data, Path.Combine(blobs, "b2")) })
        {
            File.Move(file, blob);
            File.CreateSymbolicLink(file, Path.GetRelativePath(Path.GetDirectoryName(file)!, blob));
        }

        AssertRead();
    }

    private void AssertRead()
    {
        Assert.That(() => OnnxSummary.Read(_onnx), Throws.Nothing);
        Assert.That(() => PauseModel.Load(_model).Dispose(), Throws.Nothing);
    }

    private void AssertRefused(string byReader, string byRuntime)
    {
        Assert.That(() => OnnxSummary.Read(_onnx), Throws.TypeOf<ModelFormatException>()
            .With.Message.StartsWith(byReader).And.Message.EndsWith($"({_onnx}).").And.Message.Not.Contain("\n"));
        Assert.That(() => PauseModel.Load(_model), Throws.TypeOf<ModelFormatException>()
            .With.Message.StartsWith("ONNX Runtime cannot load the graph: ").And.Message.Contains(byRuntime)
            .And.Message.Not.Contain(".cc:").And.Message.Not.Contain("ErrorCode").And.Message.Not.Contain("\n"));
    }
}
