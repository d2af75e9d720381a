using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Cli;

/// <summary>Each kind of bad input to <c>pauseonnx export</c>: one line that names it, an exit code that is not 0, and no half file.</summary>
public class ExportFaultsTests
{
    private TemporaryFolder _folder = null!;

    private string Checkpoint => _folder["checkpoint"];

    private string Output => _folder["model"];

    [SetUp]
    public void Create() => _folder = new TemporaryFolder();

    [TearDown]
    public void Delete() => _folder.Dispose();

    private static IEnumerable<TestCaseData> SpoiltWeights() =>
        from weight in new (string Config, string Name, int Index, string Place)[]
        {
            ("gpt2", "transformer.ln_f.weight", 5, "[5]"),
            ("gpt2", "transformer.h.0.attn.c_attn.bias", 40, "[40]"),
            ("gpt2", "transformer.h.1.mlp.c_fc.weight", 83, "[2, 3]"),
            ("gpt2", "transformer.wpe.weight", 18, "[1, 2]"),
            ("gpt2", "transformer.wte.weight", 18, "[1, 2]"),
            ("llama", "model.embed_tokens.weight", 18, "[1, 2]"),
            ("llama", "model.layers.1.self_attn.k_proj.weight", 18, "[1, 2]"),
            ("llama", "lm_head.weight", 18, "[1, 2]"),
        }
        from precision in GraphPrecisions.Names
        from value in new[] { float.NaN, float.NegativeInfinity }
        select new TestCaseData(weight.Config, precision, weight.Name, weight.Index, weight.Place, value).SetArgDisplayNames(precision, weight.Name, $"{value}");

    private static IEnumerable<TestCaseData> Refusals() =>
        from target in Enum.GetValues<ExportTarget>()
        from precision in Enum.GetValues<GraphPrecision>().Except(Targets.Of(target).Precisions)
        select new TestCaseData(target, precision).SetArgDisplayNames(Targets.Of(target).Name, GraphPrecisions.NameOf(precision));

    [TestCaseSource(nameof(SpoiltWeights))]
    public async Task WeightThatIsNoNumber_IsNamedWithItsPlace(string config, string precision, string name, int index, string place, float value)
    {
        Write(config);
        TinyCheckpoint.Spoil(Checkpoint, name, index, value);
        await AssertRefusedAsync($"Weight '{name}' is {value} at {place}; expected finite numbers ({Path.Combine(Checkpoint, FileNames.Weights)}).", "--target", "standard", "--precision", precision);
    }

    [TestCase("transformer.ln_f.weight", 5, "[5]")]
    [TestCase("transformer.h.0.attn.c_attn.bias", 40, "[40]")]
    [TestCase("transformer.h.1.mlp.c_fc.weight", 83, "[2, 3]")]
    [TestCase("transformer.wte.weight", 18, "[1, 2]")]
    public async Task WeightTooLargeForFloat16_IsNamedWithItsPlace(string name, int index, string place)
    {
        Write("gpt2");
        TinyCheckpoint.Spoil(Checkpoint, name, index, 1e5f);
        await AssertRefusedAsync($"Weight '{name}' at {place} ({Path.Combine(Checkpoint, FileNames.Weights)}) is 100000; expected at most 65504 for Float16: export it in float32.", "--precision", "fp16");
    }

    [Test]
    public async Task MissingWeights_AreListed()
    {
        Write("llama");
        var (file, kept) = (Path.Combine(Checkpoint, FileNames.Weights), new SafetensorsWriter());
        using (var weights = CheckpointWeights.Open(Checkpoint, TinyCheckpoint.Configs["llama"]))
        {
            foreach (var (name, shape) in new WeightNames(TinyCheckpoint.Configs["llama"]).All().Where(w => !w.Name.Contains("layers.1.mlp", StringComparison.Ordinal)))
            {
                kept.Add(name, [.. shape.Select(d => (long)d)], weights.ReadFloats(name));
            }
        }

        kept.Save(file);
        await AssertRefusedAsync($"Weight 'model.layers.1.mlp.gate_proj.weight' is missing; expected [24, 16]; Weight 'model.layers.1.mlp.up_proj.weight' is missing; expected [24, 16]; Weight 'model.layers.1.mlp.down_proj.weight' is missing; expected [16, 24] ({Checkpoint}).");
    }

    [Test]
    public async Task UnknownFamily_SaysWhichThereAre()
    {
        Write("llama");
        var file = Path.Combine(Checkpoint, FileNames.Config);
        File.WriteAllText(file, File.ReadAllText(file).Replace("\"llama\"", "\"mamba\"", StringComparison.Ordinal));
        await AssertRefusedAsync("'model_type' is 'mamba'; expected 'llama' or 'mistral' or 'qwen2' or 'qwen3' or 'gpt2' or 'gpt_neox' (");
    }

    [TestCaseSource(nameof(Refusals))]
    public async Task PrecisionThatATargetCannotRun_NamesCombinationsThatWork(ExportTarget target, GraphPrecision precision)
    {
        Write("qwen3");
        var (name, precisionName) = (Targets.Of(target).Name, GraphPrecisions.NameOf(precision));
        var line = await AssertRefusedAsync($"Target {name} cannot run {precisionName}: ", "--target", name, "--precision", precisionName);
        var (others, targets) = (line.Split("expected one of ")[1].Split(", or ")[0], line.Split($", or {precisionName} with target ")[1].TrimEnd('.'));
        foreach (var (otherTarget, otherPrecision) in others.Split(", ").Select(o => (name, o)).Concat(targets.Split(" or ").Select(t => (t, precisionName))))
        {
            var run = await RunAsync("--target", otherTarget, "--precision", otherPrecision);
            Assert.That((run.ExitCode, run.Errors), Is.EqualTo((0, "")), $"{otherTarget} {otherPrecision}");
        }
    }

    [TestCase("5", "The largest length is 5; expected 6 to 96, as there are 4 pauses and '")]
    [TestCase("97", "The largest length is 97; expected 6 to 96, as there are 4 pauses and '")]
    public async Task LargestLength_WithoutRoomOrPositions_IsRefused(string length, string expected)
    {
        Write("qwen3");
        await AssertRefusedAsync(expected, "--target", "genai", "--max-length", length);
    }

    [Test]
    public async Task LargestLength_BelowTheReference_IsRefusedBeforeTheProof()
    {
        Write("qwen3");
        await AssertRefusedAsync("The largest length is 9; expected 15 or more, as case single.m4 of the reference has 15 positions", "--target", "genai", "--max-length", "9");
    }

    [Test]
    public async Task HeadsOfAnotherWidth_AreRefusedForGenai()
    {
        Write("llama");
        await AssertRefusedAsync("has heads of width 6; expected a multiple of 8 for target genai: choose another target.", "--target", "genai");
    }

    [TestCase("llama", "*.dwon_proj.weight", "'lm_head.weight' or 'model.embed_tokens.weight'.")]
    [TestCase("llama-tied", "lm_head.*", "'model.layers.1.mlp.down_proj.weight' or 'model.embed_tokens.weight', which is the head too.")]
    public async Task PatternThatMatchesNoWeight_IsRefused(string config, string pattern, string names)
    {
        Write(config);
        await AssertRefusedAsync(
            $"The pattern '{pattern}' of weights to exclude matches none; expected the names of matrices, with *, such as {names}",
            "--target",
            "standard",
            "--precision",
            "int4",
            "--exclude",
            $"model.embed_tokens.weight,{pattern}");
    }

    [TestCase("--target", "coreml", "'coreml' not recognized. Must be one of: 'portable' 'standard' 'shared-cache' 'genai' 'tensorrt' 'triton'")]
    [TestCase("--precision", "fp32,int3", "The precision is 'int3'; expected one of fp32, fp16, bf16, int8, int4, int8-dynamic.")]
    [TestCase("--block-size", "48", "The block size is 48; expected 32, 64 or 128.")]
    [TestCase("--max-batch", "0", "The largest batch is 0; expected 1 or more.")]
    public async Task UnknownWord_SaysWhichThereAre(string option, string value, string expected)
    {
        Write("llama");
        await AssertRefusedAsync(expected, option, value);
    }

    [Test]
    public async Task OutputThatIsNoEarlierExport_IsNotReplaced()
    {
        Write("llama");
        Directory.CreateDirectory(Output);
        File.WriteAllText(Path.Combine(Output, "notes.txt"), "mine");
        var run = await RunAsync();
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, $"error: '{Output}' holds files but no export-report.json, so it is not an earlier result and is not replaced; choose another folder.{Environment.NewLine}")));
        Assert.That(Directory.EnumerateFileSystemEntries(Output).Select(Path.GetFileName), Is.EqualTo(new[] { "notes.txt" }));
    }

    [Test]
    public async Task EarlierExport_IsReplacedOnlyByAProvenOne()
    {
        Write("llama");
        Assert.That((await RunAsync()).ExitCode, Is.Zero);
        var earlier = Snapshot();

        TinyCheckpoint.Spoil(Checkpoint, "model.layers.1.mlp.up_proj.weight", 5, 0.75f);
        var run = await RunAsync("--target", "standard");
        Assert.That((run.ExitCode, run.Errors), Is.EqualTo((1, run.Errors.Split('\n')[0] + "\n")));
        Assert.That(run.Errors, Does.StartWith("error: Export failed in proof: case "));
        Assert.That(Snapshot(), Is.EqualTo(earlier));

        ReferenceFile.Write(Path.Combine(Checkpoint, FileNames.Reference), PlainReference.Cases(Checkpoint, 4));
        Assert.That((await RunAsync("--target", "standard")).ExitCode, Is.Zero);
        Assert.That(Snapshot(), Is.Not.EqualTo(earlier));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Root), Has.Exactly(2).Items);
    }

    [TestCase("portable", "fp32", 8, "model.onnx_data")]
    [TestCase("portable", "int8-dynamic", 24, "model_quantized.onnx'")]
    [TestCase("standard", "int4", 4, "model_q4.onnx_data")]
    [TestCase("standard", "int4", 16, "model_q4.onnx'")]
    [Platform("Linux", Reason = "limits the size of files as a POSIX shell does")]
    public void FullDisk_AtAnyFile_NamesItAndLeavesNothing(string target, string precision, int kilobytes, string file)
    {
        Write("llama");

        // The runtime maps its own code through a file larger than the limit unless it is told not to.
        var limit = $"export DOTNET_EnableWriteXorExecute=0; trap '' XFSZ; ulimit -f {kilobytes}";
        using var process = ProgramProcess.StartAfter(limit, "pauseonnx", "export", Checkpoint, "--out", Output, "--target", target, "--precision", precision);
        Assert.That(process.WaitForExit(), Is.EqualTo(1), process.Errors);
        Assert.That(process.Errors.TrimEnd(), Does.StartWith("error: Cannot write ").And.Contain(file).And.Not.Contain("\n"));
        AssertNothingIsLeft();
    }

    private void Write(string config) => TinyExport.WriteCheckpoint(_folder.Root, TinyCheckpoint.Configs[config], 4);

    private Task<CommandRun> RunAsync(params string[] options) => CommandRun.OfAsync(Program.Main, ["export", Checkpoint, "--out", Output, .. options]);

    private async Task<string> AssertRefusedAsync(string expected, params string[] options)
    {
        var run = await RunAsync(options);
        Assert.That(run.ExitCode, Is.EqualTo(1));
        Assert.That(run.Errors.TrimEnd(), Does.StartWith("error: ").And.Contain(expected).And.Not.Contain("\n"));
        AssertNothingIsLeft();
        return run.Errors.TrimEnd();
    }

    private void AssertNothingIsLeft() => Assert.That(Directory.EnumerateFileSystemEntries(_folder.Root), Is.EqualTo(new[] { Checkpoint }));

    private Dictionary<string, string> Snapshot() => Directory.EnumerateFiles(Output, "*", SearchOption.AllDirectories)
        .ToDictionary(f => f, f => Convert.ToBase64String(File.ReadAllBytes(f)));
}
