using Microsoft.ML.OnnxRuntime;
using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime.Providers;

/// <summary>A plug-in's library from its path to an answer: abacus.c, built here.</summary>
public sealed class PluginProviderTests
{
    private const string RegisteredName = "frame";

    private readonly TemporaryFolder _folder = new();
    private readonly RuntimeModel _tiny = new("llama");

    private string Library => _folder["abacus of beads.so"];

    [OneTimeSetUp]
    public void BuildLibrary()
    {
        CCompiler.IgnoreUnlessInstalled();
        CCompiler.Build(Path.Combine(Repository.Root, "tests/PauseOnnx.Tests/Runtime/Providers/abacus.c"), Library);
    }

    // Other tests count the providers of a process that has no plug-in.
    [OneTimeTearDown]
    public void Unregister()
    {
        if (OrtEnv.Instance().GetEpDevices().Any(d => d.EpName == "AbacusExecutionProvider"))
        {
            OrtEnv.Instance().UnregisterExecutionProviderLibrary(RegisteredName);
        }

        _tiny.Dispose();
        _folder.Dispose();
    }

    [TestCase(0)]
    [TestCase(1)]
    public void Load_LibraryAndDevice_Answers(int device)
    {
        using var model = Load(Plugin with { DeviceId = device, Options = Number(device) });
        Assert.That(RuntimeModel.Generate(model, [[1, 2, 3]], new() { MaxNewTokens = 8 })[0], Is.EqualTo(_tiny.PlainGreedy([1, 2, 3], 8)));
    }

    [TestCase("Abacus")]
    [TestCase("abacusexecutionprovider")]
    public void Load_NameOfARegisteredPlugin_NeedsNoPath(string name)
    {
        Load(Plugin).Dispose();
        using var model = Load(new PluginProvider(name) { DeviceId = 1, Options = Number(1) });
        Assert.That(model.PauseCount, Is.EqualTo(RuntimeModel.PauseCount));
    }

    [Test]
    public void Load_OptionThatThePluginRefuses_PassesItsReason() => Assert.That(
        () => Load(Plugin with { Options = Number(5) }),
        Throws.TypeOf<ExecutionProviderException>().With.Message.Match(
            "^Execution provider 'frame' cannot load the graph: .*number is 5 on device 0 .*; expected what the provider's makers ask for; 'pauseonnx devices' shows what there is\\.$"));

    [Test]
    public void Load_DeviceThatThePluginLacks_CountsThem() => Assert.That(
        () => Load(Plugin with { DeviceId = 2 }),
        Throws.TypeOf<ExecutionProviderException>().With.Message.Contains("DeviceId of execution provider 'frame' is 2; expected a number below 2"));

    [Test]
    public async Task Devices_WithTheLibrary_ListsItsDevices()
    {
        var run = await CommandRun.OfAsync(Program.Main, ["devices", "--library", $"{RegisteredName}={Library}"]);
        Assert.That(run.Errors, Is.Empty);
        Assert.That(run.Output, Does.Match("│ AbacusExecutionProvider +│ plug-in").And.Match("│ AbacusExecutionProvider +│ 0 +│ CPU").And.Match("│ AbacusExecutionProvider +│ 1 +│ CPU"));
    }

    private PluginProvider Plugin => new(RegisteredName) { LibraryPath = Library };

    private PauseModel Load(ExecutionProvider provider) => PauseModel.Load(_tiny.Folder, new() { ExecutionProvider = provider });

    private static Dictionary<string, string> Number(int number) => new() { ["number"] = $"{number}" };
}
