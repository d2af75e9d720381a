using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

[FixtureLifeCycle(LifeCycle.InstancePerTestCase)]
public sealed class AtomicFileTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    [Test]
    public void Write_MakesTheFolder_AndReplacesTheFile()
    {
        AtomicFile.Write(_folder["a/b.txt"], f => File.WriteAllText(f, "old"));
        AtomicFile.Write(_folder["a/b.txt"], f => File.WriteAllText(f, "new"));
        Assert.That(File.ReadAllText(_folder["a/b.txt"]), Is.EqualTo("new"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder["a"]), Has.Exactly(1).Items);
    }

    [Test]
    public void Write_Failing_LeavesTheOldFileAndNothingElse()
    {
        File.WriteAllText(_folder["b.txt"], "old");
        Assert.That(() => AtomicFile.Write(_folder["b.txt"], f =>
        {
            File.WriteAllText(f, "half");
            throw new IOException("disk full");
        }), Throws.TypeOf<IOException>().With.Message.EqualTo("disk full"));
        Assert.That(File.ReadAllText(_folder["b.txt"]), Is.EqualTo("old"));
        Assert.That(Directory.EnumerateFileSystemEntries(_folder.Root), Has.Exactly(1).Items);
    }

    [Test]
    public void Write_UnderAFile_ThrowsAnIOException()
    {
        File.WriteAllText(_folder["file"], "");
        Assert.That(() => AtomicFile.Write(_folder["file/b.txt"], f => File.WriteAllText(f, "")), Throws.InstanceOf<IOException>());
    }
}
