using System.Text.Json;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Model;
using PauseOnnx.Model.Chat;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter;

/// <summary>What lies in an exported folder.</summary>
public class ModelExporterFilesTests
{
    private static readonly ModelConfig Llama = TinyCheckpoint.Configs["llama"];

    [Test]
    public void Export_WritesTheFilesThatHostsExpect()
    {
        using var folder = new TemporaryFolder();
        var model = TinyExport.Write(folder.Root, Llama, 4);

        var files = Directory.EnumerateFiles(model, "*", SearchOption.AllDirectories).Select(f => Path.GetRelativePath(model, f));
        Assert.That(files, Is.EquivalentTo(new[]
        {
            FileNames.Config, FileNames.GenerationConfig, FileNames.Tokenizer, FileNames.TokenizerConfig,
            FileNames.Onnx, FileNames.OnnxData, FileNames.ExportReport,
        }));
    }

    [Test]
    public void Export_ACheckpointThatChats_CarriesItsTemplate()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, Llama, 4);
        var config = Path.Combine(checkpoint, FileNames.TokenizerConfig);
        File.WriteAllText(config, File.ReadAllText(config).Replace("{", "{ \"chat_template\": \"a{{ eos_token }}\",", StringComparison.Ordinal));
        ModelExporter.Export(new() { Checkpoint = checkpoint, Output = folder["of-the-key"] });
        File.WriteAllText(Path.Combine(checkpoint, FileNames.ChatTemplate), "b{{ eos_token }}");
        ModelExporter.Export(new() { Checkpoint = checkpoint, Output = folder["of-the-file"] });

        Assert.That(ChatTemplate.Load(folder["of-the-key"])!.Render([]), Is.EqualTo("a<|endoftext|>"));
        Assert.That(ChatTemplate.Load(folder["of-the-file"])!.Render([]), Is.EqualTo("b<|endoftext|>"));
    }

    [Test]
    public void ConfigJson_HoldsTheExportedPauseCountAndTheDataFile()
    {
        using var folder = new TemporaryFolder();
        var file = Path.Combine(TinyExport.Write(folder.Root, Llama, 25), FileNames.Config);

        Assert.That(ModelConfigJson.Read(file), Is.EqualTo(Llama with { Pause = Llama.Pause! with { Count = 25 } }));
        using var json = JsonDocument.Parse(File.ReadAllText(file));
        var external = json.RootElement.GetProperty("transformers.js_config").GetProperty("use_external_data_format");
        Assert.That(external.GetProperty("model.onnx").GetInt32(), Is.EqualTo(1));
    }

    [Test]
    public void EosToken_WithoutGenerationConfig_IsThatOfConfigJson()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, Llama, 4);
        File.Delete(Path.Combine(checkpoint, FileNames.GenerationConfig));
        ModelConfigJson.Write(Llama, Path.Combine(checkpoint, FileNames.Config), eosTokenId: 19);
        ModelExporter.Export(new() { Checkpoint = checkpoint, Output = folder["model"] });

        Assert.That(GenerationConfig.Read(Path.Combine(folder["model"], FileNames.GenerationConfig)).EosTokenIds, Is.EqualTo(new[] { 19 }));
    }

    [Test]
    public void OnnxFile_HasTheContractsInputsOutputsAndFunctions()
    {
        using var folder = new TemporaryFolder();
        var summary = OnnxSummary.Read(Path.Combine(TinyExport.Write(folder.Root, Llama, 4), FileNames.Onnx));

        Assert.That(summary.Inputs, Is.EqualTo(new[]
        {
            "input_ids: int64[batch_size, sequence_length]",
            "attention_mask: int64[batch_size, total_sequence_length]",
            "past_key_values.0.key: float32[batch_size, 2, past_sequence_length, 6]",
            "past_key_values.0.value: float32[batch_size, 2, past_sequence_length, 6]",
            "past_key_values.1.key: float32[batch_size, 2, past_sequence_length, 6]",
            "past_key_values.1.value: float32[batch_size, 2, past_sequence_length, 6]",
        }));
        Assert.That(summary.Outputs, Is.EqualTo(new[]
        {
            "logits: float32[batch_size, output_sequence_length, 20]",
            "present.0.key: float32[batch_size, 2, present_sequence_length, 6]",
            "present.0.value: float32[batch_size, 2, present_sequence_length, 6]",
            "present.1.key: float32[batch_size, 2, present_sequence_length, 6]",
            "present.1.value: float32[batch_size, 2, present_sequence_length, 6]",
        }));
        Assert.That(summary.Functions, Is.EqualTo(new[] { "ai.pauseonnx.AppendPause", "ai.pauseonnx.DelayedOutput" }));
        Assert.That(summary.Nodes.Where(n => n.Key.Domain == GraphNames.Domain).Select(n => (n.Key.Operator, n.Value)),
            Is.EqualTo(new[] { (GraphNames.AppendPause, 1), (GraphNames.DelayedOutput, 4) }));
        Assert.That(summary.Opsets, Is.EquivalentTo(new Dictionary<string, int> { ["ai.onnx"] = 17, ["ai.pauseonnx"] = 1 }));
    }

    [Test]
    public void OnnxFile_WithDynamicPauseCount_TakesItAsAnInput()
    {
        using var folder = new TemporaryFolder();
        var summary = OnnxSummary.Read(Path.Combine(TinyExport.Write(folder.Root, Llama, 4, isDynamic: true), FileNames.Onnx));

        Assert.That(summary.Inputs, Has.Member("pause_count: int64[]"));
        Assert.That(summary.Metadata[MetadataNames.PauseCountMode], Is.EqualTo("dynamic"));
    }

    [Test]
    public void OnnxMetadata_SaysWhatWasExported()
    {
        using var folder = new TemporaryFolder();
        var summary = OnnxSummary.Read(Path.Combine(TinyExport.Write(folder.Root, Llama, 4), FileNames.Onnx));

        using var weights = CheckpointWeights.Open(folder["checkpoint"], Llama);
        Assert.That(summary.Metadata, Is.EquivalentTo(new Dictionary<string, string>
        {
            [MetadataNames.ModelName] = "model",
            [MetadataNames.Target] = "portable",
            [MetadataNames.Precision] = "fp32",
            [MetadataNames.Cache] = MetadataNames.GrowingCache,
            [MetadataNames.PauseCount] = "4",
            [MetadataNames.PauseCountMode] = "baked",
            [MetadataNames.PauseTraining] = "PausePT_PauseFT",
            [MetadataNames.ToolVersion] = ModelExporter.ToolVersion,
            [MetadataNames.CheckpointHash] = weights.Sha256(),
        }));
    }

    [Test]
    public void TiedHead_AddsNoBytesToTheDataFile()
    {
        using var tied = new TemporaryFolder();
        using var untied = new TemporaryFolder();
        var tiedBytes = DataBytes(TinyExport.Write(tied.Root, TinyCheckpoint.Configs["llama-tied"], 4));
        var untiedBytes = DataBytes(TinyExport.Write(untied.Root, Llama, 4));

        var head = Llama.OrdinaryVocabSize * Llama.HiddenSize * sizeof(float);
        Assert.That(untiedBytes - tiedBytes, Is.EqualTo(head));
    }

    [Test]
    public void Export_Twice_WritesTheSameBytes()
    {
        using var first = new TemporaryFolder();
        using var second = new TemporaryFolder();
        var (one, two) = (TinyExport.Write(first.Root, Llama, 4), TinyExport.Write(second.Root, Llama, 4));

        foreach (var file in new[] { FileNames.Onnx, FileNames.OnnxData, FileNames.ExportReport, FileNames.Config })
        {
            Assert.That(File.ReadAllBytes(Path.Combine(two, file)), Is.EqualTo(File.ReadAllBytes(Path.Combine(one, file))), file);
        }
    }

    [Test]
    public void ExportReport_ReadBack_IsTheOneThatWasReturned()
    {
        using var folder = new TemporaryFolder();
        var report = ModelExporter.Export(new() { Checkpoint = TinyExport.WriteCheckpoint(folder.Root, Llama, 4), Output = folder["model"] });
        var read = ExportReport.Read(Path.Combine(folder["model"], FileNames.ExportReport));

        Assert.That(JsonSerializer.Serialize(read), Is.EqualTo(JsonSerializer.Serialize(report)));
        Assert.That(report.IsProven);
        var variant = report.Variants.Single();
        Assert.That((variant.Precision, variant.File), Is.EqualTo(("fp32", FileNames.Onnx)));
        Assert.That(variant.Passes.Select(p => p.Name), Does.Contain("EarlyDelay").And.Contain("ExpandAttention"));
        Assert.That(variant.Passes[^1].NodesAfter, Is.EqualTo(variant.Nodes.Values.Sum()));
        Assert.That(report.Files.Single(f => f.Name == FileNames.OnnxData).Bytes, Is.EqualTo(variant.WeightBytes));
    }

    [Test]
    public void Export_Unproven_SaysSo()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, Llama, 4);
        File.Delete(Path.Combine(checkpoint, FileNames.Reference));
        var report = ModelExporter.Export(new() { Checkpoint = checkpoint, Output = folder["model"], Verify = Verification.None });

        Assert.That(report.IsProven, Is.False);
        Assert.That(File.ReadAllText(Path.Combine(folder["model"], FileNames.ExportReport)), Does.Contain("\"is_proven\": false"));
    }

    [Test]
    public void Reference_ElsewhereThanInTheCheckpoint_IsUsed()
    {
        using var folder = new TemporaryFolder();
        var checkpoint = TinyExport.WriteCheckpoint(folder.Root, Llama, 4);
        File.Move(Path.Combine(checkpoint, FileNames.Reference), folder["elsewhere.safetensors"]);
        var report = ModelExporter.Export(new() { Checkpoint = checkpoint, Output = folder["model"], Reference = folder["elsewhere.safetensors"] });

        Assert.That(report.Variants[0].Parity, Has.Count.EqualTo(2));
    }

    [Test]
    public void Progress_RisesToTheEnd()
    {
        using var folder = new TemporaryFolder();
        var progress = new RecordedProgress();
        ModelExporter.Export(new() { Checkpoint = TinyExport.WriteCheckpoint(folder.Root, Llama, 4), Output = folder["model"] }, progress);

        Assert.That(progress.Fractions, Is.Ordered);
        Assert.That(progress.Fractions[^1], Is.EqualTo(1));
    }

    private static long DataBytes(string model) => new FileInfo(Path.Combine(model, FileNames.OnnxData)).Length;

    private sealed class RecordedProgress : IProgress<ExportProgress>
    {
        public List<double> Fractions { get; } = [];

        public void Report(ExportProgress value) => Fractions.Add(value.Fraction);
    }
}
