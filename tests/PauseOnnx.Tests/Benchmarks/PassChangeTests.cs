using NUnit.Framework;
using PauseOnnx.Benchmarks;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Passes;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Benchmarks;

public class PassChangeTests
{
    private TemporaryFolder _folder = null!;

    [SetUp]
    public void CreateFolder() => _folder = new TemporaryFolder();

    [TearDown]
    public void DeleteFolder() => _folder.Dispose();

    [Test]
    public void Without_APass_ItDoesNotRun()
    {
        var (all, without) = (Write(null), Write(PassChange.Without<JoinRotary>()));
        Assert.That(without.Passes.Select(p => p.Name), Is.EqualTo(all.Passes.Select(p => p.Name).Where(n => n != nameof(JoinRotary))));
    }

    private GraphFile Write(PassChange? change) => GraphFile.Write(
        RandomCheckpoint.Generate(_folder.Root, ExportShape.Tiny), _folder["g.onnx"], ExportTarget.Portable, GraphPrecision.Fp32, change);
}
