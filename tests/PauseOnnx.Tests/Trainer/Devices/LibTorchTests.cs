using NUnit.Framework;
using PauseOnnx.Tests.Support;
using PauseOnnx.Trainer;

namespace PauseOnnx.Tests.Trainer;

/// <summary>Where an external libtorch is looked for, and which are refused.</summary>
public class LibTorchTests
{
    private static readonly string Library = OperatingSystem.IsWindows() ? "torch_cpu.dll" : OperatingSystem.IsMacOS() ? "libtorch_cpu.dylib" : "libtorch_cpu.so";

    [TestCase("lib")]
    [TestCase(".")]
    public void FindFolder_LibraryThere_IsFound(string subfolder)
    {
        using var folder = new TemporaryFolder();
        var expected = Path.GetFullPath(folder[subfolder]);
        Directory.CreateDirectory(expected);
        File.WriteAllText(Path.Combine(expected, Library), "");
        Assert.That(Path.GetFullPath(LibTorch.FindFolder(null, folder.Root)), Is.EqualTo(expected));
        Assert.That(Path.GetFullPath(LibTorch.FindFolder(folder.Root, "elsewhere")), Is.EqualTo(expected), "the variable wins");
    }

    [Test]
    public void FindFolder_Nothing_SaysWhatToSet()
    {
        Assert.That(() => LibTorch.FindFolder(null, ""), Throws.TypeOf<FileNotFoundException>().With.Message.Contains("Set PAUSEONNX_LIBTORCH to the folder of a libtorch 2.10"));
        Assert.That(() => LibTorch.FindFolder("nowhere", "elsewhere"), Throws.TypeOf<FileNotFoundException>().With.Message.StartsWith("'nowhere' holds neither").And.Message.EndsWith("It comes from PAUSEONNX_LIBTORCH."));
        Assert.That(() => LibTorch.FindFolder("", "elsewhere"), Throws.TypeOf<FileNotFoundException>().With.Message.StartsWith("'elsewhere' holds neither").And.Message.EndsWith("It comes from the MSBuild property TorchPath."));
    }

    [TestCase("PyTorch built with: TORCH_VERSION=2.10.0, USE_CUDA=ON", null)]
    [TestCase("TORCH_VERSION=2.10,", null)]
    [TestCase("TORCH_VERSION=2.11.0,", "2.11.0")]
    [TestCase("TORCH_VERSION=2.1.0,", "2.1.0")]
    [TestCase("TORCH_VERSION=2.100.0,", "2.100.0")]
    [TestCase("nothing", "")]
    public void CheckVersion_OtherThanTorchSharps_IsRefused(string config, string? refused) =>
        Assert.That(() => LibTorch.CheckVersion(config, "folder"), refused is null
            ? Throws.Nothing
            : Throws.InvalidOperationException.With.Message.EqualTo($"The libtorch in 'folder' is version '{refused}'; expected 2.10, for which TorchSharp's native part was made."));
}
