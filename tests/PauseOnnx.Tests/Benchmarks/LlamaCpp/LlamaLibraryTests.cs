using NUnit.Framework;
using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks.LlamaCpp;

public class LlamaLibraryTests
{
    [Test]
    public void Load_FolderWithoutLibraries_SaysWhatToRun()
    {
        using var folder = new TemporaryFolder();
        Assert.That(
            () => LlamaLibrary.Load(LlamaLibrary.FolderIn(folder.Root)),
            Throws.TypeOf<DllNotFoundException>().With.Message.Contains("run 'npm ci --ignore-scripts' in tests/node"));
    }
}
