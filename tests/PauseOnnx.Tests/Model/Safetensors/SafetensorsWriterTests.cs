using NUnit.Framework;
using PauseOnnx.Model.Safetensors;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model.Safetensors;

public class SafetensorsWriterTests
{
    [Test]
    public void Add_OfANameTwice_IsRefused()
    {
        var writer = new SafetensorsWriter().Add("a", [1], [1f]);
        Assert.That(() => writer.Add("a", [1], [2f]), Throws.ArgumentException.With.Message.StartsWith("Tensor 'a' was added before"));
    }

    [TestCase(3)]
    [TestCase(5)]
    public void Save_OfATensorThatWritesAnotherLength_IsRefused(int length)
    {
        using var folder = new TemporaryFolder();
        var writer = new SafetensorsWriter().Add("a", SafetensorsType.F32, [1], s => s.Write(new byte[length]));
        Assert.That(() => writer.Save(folder["x"]), Throws.InvalidOperationException.With.Message.EqualTo($"Tensor 'a' wrote {length} bytes; expected 4 ({folder["x"]})."));
    }

    [Test]
    public void Save_OfTheSameTensors_GivesTheSameBytes()
    {
        using var folder = new TemporaryFolder();
        foreach (var name in new[] { "x", "y" })
        {
            new SafetensorsWriter().Metadata("k", "v").Add("b", [2], [1f, 2f]).Add("a", [1], [3L]).Save(folder[name]);
        }

        Assert.That(File.ReadAllBytes(folder["x"]), Is.EqualTo(File.ReadAllBytes(folder["y"])));
    }
}
