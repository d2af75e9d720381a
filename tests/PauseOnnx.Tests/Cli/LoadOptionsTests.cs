using System.CommandLine;
using NUnit.Framework;
using PauseOnnx.Cli;
using PauseOnnx.Model;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Cli;

/// <summary>The options by which every command loads a model.</summary>
public class LoadOptionsTests
{
    private static IEnumerable<TestCaseData> Providers =>
    [
        new("", ExecutionProvider.Auto),
        new("--provider auto", ExecutionProvider.Auto),
        new("--provider cpu", ExecutionProvider.Cpu),
        new("--provider cuda", ExecutionProvider.Cuda),
        new("--provider cuda --device 1", new CudaProvider { DeviceId = 1 }),
        new("--provider tensorrt --device 2", new TensorRtProvider { DeviceId = 2 }),
    ];

    [TestCaseSource(nameof(Providers))]
    public void Provider_ByName_HasItsDevice(string arguments, ExecutionProvider expected) => Assert.That(Read(arguments).ExecutionProvider, Is.EqualTo(expected));

    [TestCase("--provider webgpu", "webgpu", null, 0)]
    [TestCase("--provider webgpu --device 3", "webgpu", null, 3)]
    [TestCase("--provider abacus=/opt/a=b.so --device 1", "abacus", "/opt/a=b.so", 1)]
    public void Provider_AnyOtherName_IsAPlugin(string arguments, string name, string? library, int device)
    {
        var plugin = (PluginProvider)Read(arguments).ExecutionProvider;
        Assert.That((plugin.Name, plugin.LibraryPath, plugin.DeviceId), Is.EqualTo((name, library, device)));
    }

    [Test]
    public void Read_Everything_IsKept()
    {
        var options = Read("--precision int4 --threads 3 --provider cpu");
        Assert.That((options.Precision, options.IntraOpThreads, options.ExecutionProvider), Is.EqualTo((GraphPrecision.BlockInt4, 3, ExecutionProvider.Cpu)));
        Assert.That(options.LoggerFactory, Is.Not.Null);
    }

    [TestCase("auto")]
    [TestCase("cpu")]
    public void Device_OfAProviderWithoutAny_IsRefused(string provider) => Assert.That(
        () => Read($"--provider {provider} --device 1"),
        Throws.ArgumentException.With.Message.EqualTo($"--device is 1, but --provider is {provider}; expected cuda, tensorrt or a plug-in's name with it."));

    [TestCase("--device -1", "--device is -1; expected at least 0.")]
    [TestCase("--threads 0", "--threads is 0; expected at least 1.")]
    public void Number_OutOfRange_IsRefused(string arguments, string expected)
    {
        var command = new Command("load");
        new LoadOptions().AddTo(command);
        Assert.That(command.Parse(arguments).Errors.Select(e => e.Message), Is.EqualTo([expected]));
    }

    private static PauseModelOptions Read(string arguments)
    {
        var (command, options) = (new Command("load"), new LoadOptions());
        options.AddTo(command);
        return options.Read(command.Parse(arguments));
    }
}
