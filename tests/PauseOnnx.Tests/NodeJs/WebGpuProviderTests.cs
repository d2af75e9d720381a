using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Tests.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.NodeJs;

/// <summary>
/// Our own runtime on providers that are not the processor's: <c>pauseonnx</c> with the ONNX Runtime of onnxruntime-node, which
/// has WebGPU, CUDA and TensorRT. WebGPU computes by SwiftShader; of the other two only what they say of their absence is seen.
/// </summary>
[Category("Node")]
public sealed class WebGpuProviderTests
{
    private static readonly string Library = Path.Combine(NodeScript.Folder, "node_modules", "onnxruntime-node", "bin", "napi-v6", "linux", "x64", "libonnxruntime.so.1");

    private readonly TemporaryFolder _folder = new();
    private string _program = "";

    [OneTimeSetUp]
    public void BuildAdapter()
    {
        if (RuntimeInformation.ProcessArchitecture != Architecture.X64)
        {
            Assert.Ignore("The library of onnxruntime-node that these tests know is for x86-64.");
        }

        CCompiler.IgnoreUnlessInstalled();
        NodeScript.IgnoreUnlessInstalled("onnxruntime-node");
        CCompiler.Build(Path.Combine(NodeScript.Folder, "onnxruntime-adapter.c"), _folder["adapter.so"]);
        _program = ProgramCopy.Make(_folder["program"], _folder["adapter.so"]);
    }

    [OneTimeTearDown]
    public void DeleteFolder() => _folder.Dispose();

    // Growing and shared caches; prompts of unequal lengths, so that one is padded.
    [TestCase(ExportTarget.Portable)]
    [TestCase(ExportTarget.Standard)]
    [TestCase(ExportTarget.SharedCache)]
    [TestCase(ExportTarget.GenAI)]
    public void Generate_OnWebGpu_GivesTheProcessorsAnswers(ExportTarget target)
    {
        SwiftShader.IgnoreUnlessInstalled();
        using var tiny = new RuntimeModel(TinyCheckpoint.ConfigFor("llama", target), isDynamic: false, o => o with { Target = target });
        var (exitCode, output, errors) = Generate(tiny.Folder, "--provider", "webgpu");
        string[] expected = [.. new[] { "abc", "hello" }.Select(p => string.Join(",", tiny.PlainGreedy(tiny.Model.Tokenizer.Encode(p), 12)))];
        Assert.That((exitCode, output.Trim().ReplaceLineEndings("\n")), Is.EqualTo((0, string.Join('\n', expected))), errors);
    }

    [Test]
    public void Generate_WithCudaBuiltInButNotInstalled_FallsBackWithAWarning()
    {
        using var tiny = new RuntimeModel("gpt2");
        var (exitCode, output, errors) = Generate(tiny.Folder);
        Assert.That((exitCode, output.Split('\n')[0].Trim()), Is.EqualTo((0, string.Join(",", tiny.PlainGreedy(tiny.Model.Tokenizer.Encode("abc"), 12)))));
        Assert.That(errors, Does.Match("(?m)^warning: .*model.onnx runs on the processor, as its first choice failed. Execution provider 'cuda' cannot be used: .*expected an NVIDIA GPU and its driver, CUDA and cuDNN"));
    }

    [TestCase("cuda", "CUDA and cuDNN")]
    [TestCase("tensorrt", "CUDA, cuDNN and TensorRT")]
    public void Generate_OnAProviderThatIsNotInstalled_SaysWhatItNeeds(string provider, string needs)
    {
        using var tiny = new RuntimeModel("gpt2");
        var (exitCode, _, errors) = Generate(tiny.Folder, "--provider", provider);
        Assert.That(exitCode, Is.EqualTo(1));
        Assert.That(errors, Does.Match($"(?m)^error: Execution provider '{provider}' cannot be used: .*; expected an NVIDIA GPU and its driver, {needs} of the versions that ONNX Runtime [0-9.]+ names"));
    }

    [Test]
    public void Devices_OfThisBuild_ListItsProviders()
    {
        using var process = Start("devices");
        Assert.That(process.WaitForExit(), Is.Zero, () => process.Errors);
        Assert.That(process.Output, Does.Match("│ cuda +│ yes").And.Match("│ WebGpuExecutionProvider +│ yes"));
    }

    [Test]
    public void Generate_WithoutANativeRuntime_NamesThePackages()
    {
        using var tiny = new RuntimeModel("gpt2");
        File.WriteAllText(_folder["empty"], "");
        using var process = ProgramProcess.StartProcess("dotnet", [ProgramCopy.Make(_folder["without"], _folder["empty"]), "generate", tiny.Folder, "abc"]);
        Assert.That(process.WaitForExit(), Is.EqualTo(1));
        Assert.That(process.Errors, Does.StartWith("error: The native ONNX Runtime cannot be loaded: ")
            .And.Contain("; expected the package Microsoft.ML.OnnxRuntime or Microsoft.ML.OnnxRuntime.Gpu in the app, of the version of Microsoft.ML.OnnxRuntime.Managed."));
    }

    private (int ExitCode, string Output, string Errors) Generate(string model, params string[] options)
    {
        using var process = Start(["generate", model, "abc", "hello", "--ids", "--max-new-tokens", "12", "--temperature", "0", .. options]);
        return (process.WaitForExit(), process.Output, process.Errors);
    }

    private ProgramProcess Start(params string[] arguments) => ProgramProcess.StartProcess(
        "dotnet", [_program, .. arguments], new Dictionary<string, string>(SwiftShader.Environment) { ["ONNXRUNTIME_LIBRARY"] = Library });
}
