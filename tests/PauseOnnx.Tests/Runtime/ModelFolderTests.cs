using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

/// <summary>What <see cref="PauseModel.Load"/> finds wrong in a folder.</summary>
public sealed class ModelFolderTests : IDisposable
{
    private readonly RuntimeModel _tiny = new("llama");
    private readonly TemporaryFolder _spoilt = new();
    private readonly string _folder;

    public ModelFolderTests() => _folder = _tiny.CopyTo(_spoilt["model"]);

    public void Dispose()
    {
        _tiny.Dispose();
        _spoilt.Dispose();
    }

    [SetUp]
    public void CopyAgain()
    {
        Directory.Delete(_folder, recursive: true);
        _tiny.CopyTo(_folder);
    }

    [Test]
    public void Load_NoFolder_SaysSo() =>
        Assert.That(() => PauseModel.Load(_spoilt["absent"]), Throws.InstanceOf<DirectoryNotFoundException>()
            .With.Message.EqualTo($"'{_spoilt["absent"]}' is no folder; expected one written by 'pauseonnx export'."));

    [Test]
    public void Load_MissingFiles_NamesThemAll()
    {
        File.Delete(PathOf(FileNames.Tokenizer));
        File.Delete(PathOf(FileNames.Onnx));
        ExpectFault($"'{_folder}' lacks tokenizer.json, onnx/model.onnx; expected a folder written by 'pauseonnx export'.");
    }

    [Test]
    public void Load_FolderForTriton_IsRefused()
    {
        File.Delete(PathOf(FileNames.Onnx));
        File.WriteAllText(PathOf(FileNames.TritonConfig), "");
        ExpectFault($"'{_folder}' is a model of Triton Inference Server's; expected a folder exported for another target.");
    }

    [Test]
    public void Load_SeveralGraphs_TakesTheOneAskedForOrTheFirst()
    {
        using var several = new RuntimeModel(TinyCheckpoint.Configs["gpt2"], isDynamic: false,
            o => o with { Target = ExportTarget.Standard, Precisions = [GraphPrecision.BlockInt4, GraphPrecision.Fp16, GraphPrecision.Fp32] });
        using var half = PauseModel.Load(several.Folder, new() { Precision = GraphPrecision.Fp16 });
        File.Delete(Path.Combine(several.Folder, FileNames.Onnx));
        using var first = PauseModel.Load(several.Folder);
        Assert.That(new[] { several.Model.Precision, half.Precision, first.Precision }, Is.EqualTo([GraphPrecision.Fp32, GraphPrecision.Fp16, GraphPrecision.Fp16]));
        Assert.That(() => PauseModel.Load(several.Folder, new() { Precision = GraphPrecision.BlockInt8 }), Throws.InstanceOf<ModelFormatException>()
            .With.Message.EqualTo($"'{several.Folder}' has no int8 graph, onnx/model_int8.onnx; expected one of those it has: fp16, int4."));
    }

    [Test]
    public void Load_NoSuchPrecision_IsRefused() =>
        Assert.That(() => PauseModel.Load(_folder, new() { Precision = (GraphPrecision)9 }), Throws.ArgumentException
            .With.Message.StartsWith("Precision is 9; expected one of Fp32, "));

    [Test]
    public void Load_GraphUnderAnotherName_IsRefused()
    {
        File.Move(PathOf(FileNames.Onnx), PathOf(GraphPrecisions.FileOf(GraphPrecision.Fp16)));
        ExpectFault("Metadata 'pauseonnx.precision' is 'fp32'; expected 'fp16', as the file's name says (");
    }

    [TestCase("ring", "Metadata 'pauseonnx.cache' is 'ring'; expected 'growing' or 'shared' (")]
    [TestCase("shared", "Metadata 'pauseonnx.cache' is 'shared', but past keys have past_sequence_length positions and present ones present_sequence_length; expected one length (")]
    public void Load_CacheThatContradictsTheGraph_IsRefused(string cache, string expected)
    {
        OnnxEdit.Change(PathOf(FileNames.Onnx), m => m.MetadataProps.Single(p => p.Key == MetadataNames.Cache).Value = cache);
        ExpectFault(expected);
    }

    [Test]
    public void Load_SharedCacheCalledGrowing_IsRefused()
    {
        using var shared = new RuntimeModel(TinyCheckpoint.Configs["llama"], isDynamic: false, o => o with { Target = ExportTarget.SharedCache });
        OnnxEdit.Change(Path.Combine(shared.Folder, FileNames.Onnx), m => m.MetadataProps.Single(p => p.Key == MetadataNames.Cache).Value = MetadataNames.GrowingCache);
        Assert.That(() => PauseModel.Load(shared.Folder), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(
            "Metadata 'pauseonnx.cache' is 'growing', but past keys have max_length positions and present ones max_length; expected two lengths ("));
    }

    [Test]
    public void Load_Float16Cache_IsExpectedOfEveryLayer()
    {
        using var half = new RuntimeModel(TinyCheckpoint.Configs["llama"], isDynamic: false,
            o => o with { Target = ExportTarget.Standard, Precisions = [GraphPrecision.Fp16] });
        RuntimeModel.SetField(Path.Combine(half.Folder, FileNames.Config), "num_hidden_layers", 3);
        Assert.That(() => PauseModel.Load(half.Folder), Throws.InstanceOf<ModelFormatException>().With.Message.Contains(
            "Input 'past_key_values.2.key' is missing; expected float16 [?, 2, ?, 6]"));
    }

    [Test]
    public void Load_MissingWeights_NamesTheirFile()
    {
        File.Delete(PathOf(FileNames.OnnxData));
        ExpectFault("ONNX Runtime cannot load the graph: ", "model.onnx_data");
    }

    [Test]
    public void Load_TruncatedWeights_NamesTheirFile()
    {
        using (var file = File.OpenWrite(PathOf(FileNames.OnnxData)))
        {
            file.SetLength(file.Length / 2);
        }

        ExpectFault("ONNX Runtime cannot load the graph: ", "out of bounds");
    }

    [TestCase("")]
    [TestCase("this is no protobuf")]
    public void Load_CorruptGraph_SaysSoInOneLine(string content)
    {
        File.WriteAllText(PathOf(FileNames.Onnx), content);
        ExpectFault("ONNX Runtime cannot load the graph: ", $"({PathOf(FileNames.Onnx)}).");
    }

    [Test]
    public void Load_TruncatedGraph_SaysSoInOneLine()
    {
        var bytes = File.ReadAllBytes(PathOf(FileNames.Onnx));
        File.WriteAllBytes(PathOf(FileNames.Onnx), bytes[..(bytes.Length / 3)]);
        ExpectFault("ONNX Runtime cannot load the graph: ", $"({PathOf(FileNames.Onnx)}).");
    }

    [Test]
    public void Load_ConfigOfAnotherShape_ListsEveryDifference()
    {
        RuntimeModel.SetField(PathOf(FileNames.Config), "num_key_value_heads", 4);
        RuntimeModel.SetField(PathOf(FileNames.Config), "num_hidden_layers", 1);
        ExpectFault(
            "Input 'past_key_values.0.key' is float [?, 2, ?, 6]; expected float [?, 4, ?, 6]; ",
            "Input 'past_key_values.1.value' is unknown; expected only input_ids, attention_mask and past_key_values of 1 layers; ",
            $"Output 'present.0.value' is float [?, 2, ?, 6]; expected float [?, 4, ?, 6] ({PathOf(FileNames.Onnx)}).");
    }

    [Test]
    public void Load_ConfigOfMoreLayers_NamesWhatIsMissing()
    {
        RuntimeModel.SetField(PathOf(FileNames.Config), "num_hidden_layers", 3);
        ExpectFault("Input 'past_key_values.2.key' is missing; expected float [?, 2, ?, 6]", "Output 'present.2.value' is missing");
    }

    [Test]
    public void Load_FaultsInSeveralFiles_AreReportedTogether()
    {
        RuntimeModel.SetField(PathOf(FileNames.Config), "num_attention_heads", 3);
        File.WriteAllText(PathOf(FileNames.Tokenizer), "{");
        RuntimeModel.SetField(PathOf(FileNames.GenerationConfig), "max_new_tokens", 0);
        ExpectFault("'num_key_value_heads' is 2; expected a divisor of num_attention_heads, 3", FileNames.Tokenizer, "'max_new_tokens' is 0");
    }

    [Test]
    public void Load_FilesThatContradictEachOther_ListsHow()
    {
        RuntimeModel.SetField(PathOf(FileNames.Config), "pause_count", 5);
        RuntimeModel.SetField(PathOf(FileNames.GenerationConfig), "eos_token_id", 21);
        TokenizerFiles.Write(_folder, ["a", "b"], []);
        ExpectFault(
            $"The id of <pause> is 3 in tokenizer.json and 20 in config.json; expected the same ({_folder}).",
            $"generation_config.json names the id 21; expected ids from 0 to 20 ({_folder}).",
            $"The pause count is 4 in onnx/model.onnx and 5 in config.json; expected the same ({_folder}).");
    }

    [Test]
    public void Load_TokenizerOfMoreIds_IsRefused()
    {
        TokenizerFiles.Write(_folder, [.. "abcdefghijklmnopqrst".Select(c => c.ToString())], []);
        ExpectFault($"tokenizer.json has 22 ids; expected at most vocab_size, 21 ({_folder}).");
    }

    [Test]
    public void Step_ConfigThatPromisesTooManyPositions_SaysWhatFailed()
    {
        using var gpt2 = new RuntimeModel("gpt2");
        RuntimeModel.SetField(Path.Combine(gpt2.Folder, FileNames.Config), "n_positions", 200);
        using var model = PauseModel.Load(gpt2.Folder);
        using var generator = model.CreateGenerator([RuntimeModel.Prompt(100)]);
        Assert.That(() => generator.Step(), Throws.InvalidOperationException.With.Message.StartsWith("ONNX Runtime failed in a call of the graph: "));
    }

    [Test]
    public void Load_NoThreads_IsRefused() =>
        Assert.That(() => PauseModel.Load(_folder, new() { IntraOpThreads = 0 }), Throws.ArgumentException
            .With.Message.StartsWith("IntraOpThreads is 0; expected at least 1, or null."));

    [Test]
    public void Load_OneThread_GivesTheSameAnswer()
    {
        using var model = PauseModel.Load(_folder, new() { IntraOpThreads = 1 });
        using var generator = model.CreateGenerator([RuntimeModel.Prompt(5)], new() { MaxNewTokens = 4 });
        while (generator.Step())
        {
        }

        Assert.That(generator.GetIds(0), Is.EqualTo(_tiny.PlainGreedy(RuntimeModel.Prompt(5), 4)));
    }

    private string PathOf(string file) => Path.Combine(_folder, file);

    private void ExpectFault(params string[] parts)
    {
        var message = Assert.Throws<ModelFormatException>(() => PauseModel.Load(_folder).Dispose())!.Message;
        foreach (var part in parts)
        {
            Assert.That(message, Does.Contain(part));
        }

        Assert.That(message, Does.Not.Contain('\n').And.EndsWith("."));
    }
}
