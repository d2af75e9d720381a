using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter;

/// <summary>Files that are not what they should be.</summary>
public class OnnxSummaryTests
{
    private TemporaryFolder _folder = null!;
    private string _onnx = null!;
    private string _data = null!;

    [SetUp]
    public void Export()
    {
        _folder = new TemporaryFolder();
        var model = TinyExport.Write(_folder.Root, TinyCheckpoint.Configs["llama"], 4);
        (_onnx, _data) = (Path.Combine(model, FileNames.Onnx), Path.Combine(model, FileNames.OnnxData));
    }

    [TearDown]
    public void Delete() => _folder.Dispose();

    [Test]
    public void TruncatedFile_AtAnyLength_IsAFormatErrorThatNamesIt()
    {
        var whole = File.ReadAllBytes(_onnx);
        for (var length = 0; length < whole.Length; length += whole.Length / 40)
        {
            File.WriteAllBytes(_onnx, whole[..length]);
            Assert.That(() => OnnxSummary.Read(_onnx), Throws.TypeOf<ModelFormatException>().With.Message.Contains(_onnx), $"{length} bytes");
        }
    }

    [Test]
    public void FileOfSomethingElse_IsAFormatError()
    {
        File.WriteAllText(_onnx, "This is not a model, whatever its name says.");
        Assert.That(() => OnnxSummary.Read(_onnx), Throws.TypeOf<ModelFormatException>());
    }

    [Test]
    public void FolderInPlaceOfAFile_SaysSo() =>
        Assert.That(() => OnnxSummary.Read(_folder.Root), Throws.TypeOf<ModelFormatException>().With.Message.EqualTo($"'{_folder.Root}' is a folder; expected an ONNX file."));

    [Test]
    public void MissingFile_IsNamed() =>
        Assert.That(() => OnnxSummary.Read(_folder["none.onnx"]), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("none.onnx"));

    [Test]
    public void SpoiltFile_IsReadOrRefused_AndNothingElse()
    {
        // A file from elsewhere may hold anything: every outcome but these two would be a crash. The seed is fixed.
        var (whole, random, refused) = (File.ReadAllBytes(_onnx), new Random(1), 0);
        var unspoilt = OnnxSummary.Read(_onnx);
        for (var i = 0; i < 2000; i++)
        {
            var spoilt = random.Next(4) == 0 ? whole[..random.Next(whole.Length)] : (byte[])whole.Clone();
            for (var flips = random.Next(4); flips > 0 && spoilt.Length > 0; flips--)
            {
                spoilt[random.Next(spoilt.Length)] = (byte)random.Next(256);
            }

            File.WriteAllBytes(_onnx, spoilt);
            try
            {
                var read = OnnxSummary.Read(_onnx);
                read.Print();
                OnnxComparison.Compare(unspoilt, read);
            }
            catch (Exception e) when (e is ModelFormatException or IOException)
            {
                refused++;
            }
        }

        Assert.That(refused, Is.InRange(500, 1999));
    }

    [Test]
    public void MissingDataFile_IsNamed()
    {
        File.Delete(_data);
        Assert.That(() => OnnxSummary.Read(_onnx), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("Data file 'model.onnx_data' is missing"));
    }

    [Test]
    public void TruncatedDataFile_IsNamed()
    {
        File.WriteAllBytes(_data, new byte[100]);
        Assert.That(() => OnnxSummary.Read(_onnx), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("Data file 'model.onnx_data' has 100 bytes"));
    }

    [TestCase("")]
    [TestCase("null")]
    [TestCase("{}")]
    [TestCase("[1, 2]")]
    [TestCase("{\"tool_version\": 3}")]
    public void ExportReport_ThatIsNone_IsAFormatError(string text)
    {
        File.WriteAllText(_folder["report.json"], text);
        Assert.That(() => ExportReport.Read(_folder["report.json"]), Throws.TypeOf<ModelFormatException>().With.Message.Contains("report.json"));
    }
}
