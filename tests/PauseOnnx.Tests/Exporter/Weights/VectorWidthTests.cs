using System.Security.Cryptography;
using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Exporter.Weights;

public class VectorWidthTests
{
    [Test]
    public void Export_OnAProcessorWithNarrowerVectors_HasTheSameBytes()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Ignore("The variable that hides instructions is set in bash.");
        }

        using var folder = new TemporaryFolder();
        TinyCheckpoint.Write(folder["checkpoint"], TinyCheckpoint.Configs["llama"] with { HiddenSize = 150, IntermediateSize = 130 });
        string[] Hashes(string model, string preparation)
        {
            using var process = ProgramProcess.StartAfter(
                preparation, "pauseonnx", "export", folder["checkpoint"], "--out", folder[model], "--target", "standard", "--precision", "fp32,bf16,int8,int4,int8-dynamic", "--verify", "none");
            Assert.That(process.WaitForExit(), Is.Zero, process.Errors);
            return [.. Directory.EnumerateFiles(folder[model], "*" + FileNames.DataSuffix, SearchOption.AllDirectories).Order(StringComparer.Ordinal)
                .Select(f => Path.GetFileName(f) + Convert.ToHexString(SHA256.HashData(File.ReadAllBytes(f))))];
        }

        var wide = Hashes("wide", "true");
        Assert.That(wide, Has.Length.EqualTo(5).And.Unique);
        Assert.That(Hashes("narrow", "export DOTNET_EnableAVX2=0"), Is.EqualTo(wide));
        Assert.That(Hashes("none", "export DOTNET_EnableHWIntrinsic=0"), Is.EqualTo(wide));
    }
}
