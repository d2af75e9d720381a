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

    [Test]
    public void KeepApart_BothKindsOfProjections_IsTheGraphWithoutJoining()
    {
        var none = Write(PassChange.Without<JoinProjections>());
        var attention = Write(PassChange.Before<JoinProjections>("a", new KeepApart("self_attn")));
        var feedForward = Write(PassChange.Before<JoinProjections>("f", new KeepApart("mlp")));
        var both = Write(PassChange.Before<JoinProjections>("b", new KeepApart("layers")));
        Assert.That(both.Nodes, Is.EqualTo(none.Nodes));
        Assert.That(both.Bytes, Is.EqualTo(none.Bytes).Within(2000), "names differ in length");
        Assert.That(Write(null).Nodes - none.Nodes, Is.EqualTo(attention.Nodes + feedForward.Nodes - (2 * none.Nodes)));
    }

    private GraphFile Write(PassChange? change) => GraphFile.Write(
        RandomCheckpoint.Generate(_folder.Root, ExportShape.Tiny), _folder["g.onnx"], ExportTarget.Portable, GraphPrecision.Fp32, change);
}
