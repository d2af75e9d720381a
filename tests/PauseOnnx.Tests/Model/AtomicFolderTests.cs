using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Model;

public class AtomicFolderTests
{
    private const string Marker = "marker.json";

    // No process can have it: Linux gives ids up to 2^22.
    private const int DeadProcess = int.MaxValue;

    [Test]
    public void Write_OfANewFolder_MakesItWithItsParents()
    {
        using var folder = new TemporaryFolder();
        AtomicFolder.Write(folder["a/b/c"], Marker, f => WriteAs(f, "new"));
        Assert.Multiple(() =>
        {
            Assert.That(Read(folder["a/b/c"]), Is.EqualTo("new"));
            Assert.That(Siblings(folder["a/b"]), Is.EqualTo(new[] { "c" }));
        });
    }

    [Test]
    public void Write_OverAnEarlierResult_ReplacesItWhole()
    {
        using var folder = new TemporaryFolder();
        AtomicFolder.Write(folder["x"], Marker, f =>
        {
            WriteAs(f, "old");
            File.WriteAllText(Path.Combine(f, "only-in-old"), "");
        });
        AtomicFolder.Write(folder["x"] + "/", Marker, f => WriteAs(f, "new"));
        Assert.Multiple(() =>
        {
            Assert.That(Directory.GetFiles(folder["x"]).Select(Path.GetFileName), Is.EqualTo(new[] { Marker }));
            Assert.That(Read(folder["x"]), Is.EqualTo("new"));
            Assert.That(Siblings(folder.Root), Is.EqualTo(new[] { "x" }));
        });
    }

    [Test]
    public void Write_OverAnEmptyFolder_IsAllowed()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["x"]);
        AtomicFolder.Write(folder["x"], Marker, f => WriteAs(f, "new"));
        Assert.That(Read(folder["x"]), Is.EqualTo("new"));
    }

    [TestCase(typeof(IOException))]
    [TestCase(typeof(OperationCanceledException))]
    public void Write_ThatFailsHalfway_LeavesTheEarlierFolderAndNothingElse(Type failure)
    {
        using var folder = new TemporaryFolder();
        AtomicFolder.Write(folder["x"], Marker, f => WriteAs(f, "old"));
        Assert.Multiple(() =>
        {
            Assert.That(() => AtomicFolder.Write(folder["x"], Marker, f => FailHalfway(f, failure)), Throws.TypeOf(failure));
            Assert.That(() => AtomicFolder.Write(folder["y"], Marker, f => FailHalfway(f, failure)), Throws.TypeOf(failure));
            Assert.That(Read(folder["x"]), Is.EqualTo("old"));
            Assert.That(Siblings(folder.Root), Is.EqualTo(new[] { "x" }));
        });
    }

    [Test]
    public void Write_WhileItRuns_ShowsReadersTheEarlierFolder()
    {
        using var folder = new TemporaryFolder();
        AtomicFolder.Write(folder["x"], Marker, f => WriteAs(f, "old"));
        AtomicFolder.Write(folder["x"], Marker, f =>
        {
            WriteAs(f, "new");
            Assert.That(Read(folder["x"]), Is.EqualTo("old"));
        });
        Assert.That(Read(folder["x"]), Is.EqualTo("new"));
    }

    [Test]
    public void Write_OverSomebodyElsesFolder_IsRefusedAndLeavesIt()
    {
        using var folder = new TemporaryFolder();
        Directory.CreateDirectory(folder["photos"]);
        File.WriteAllText(folder["photos/holiday.jpg"], "x");
        Assert.Multiple(() =>
        {
            Assert.That(
                () => AtomicFolder.Write(folder["photos"], Marker, f => WriteAs(f, "new")),
                Throws.TypeOf<IOException>().With.Message.EqualTo($"'{folder["photos"]}' holds files but no {Marker}, so it is not an earlier result and is not replaced; choose another folder."));
            Assert.That(Directory.GetFiles(folder["photos"]), Has.Length.EqualTo(1));
            Assert.That(Siblings(folder.Root), Is.EqualTo(new[] { "photos" }));
        });
    }

    [Test]
    public void Check_OfAFile_IsRefused()
    {
        using var folder = new TemporaryFolder();
        File.WriteAllText(folder["x"], "");
        Assert.Multiple(() =>
        {
            Assert.That(() => AtomicFolder.Check(folder["x"], Marker), Throws.TypeOf<IOException>().With.Message.Contains("is a file; expected a folder"));
            Assert.That(() => AtomicFolder.Check(folder["x/y"], Marker), Throws.TypeOf<IOException>().With.Message.StartsWith($"Cannot write beside '{folder["x/y"]}'"));
            Assert.That(() => AtomicFolder.Check("/", "bin"), Throws.InstanceOf<IOException>());
        });
    }

    [Test]
    public void Check_OfAGoodPlace_LeavesNothing()
    {
        using var folder = new TemporaryFolder();
        AtomicFolder.Check(folder["x"], Marker);
        Assert.That(Siblings(folder.Root), Is.Empty);
    }

    [Test]
    public void Write_AfterAKilledWriter_RemovesItsTemporaryFolder()
    {
        using var folder = new TemporaryFolder();
        AtomicFolder.Write(folder["x"], Marker, f => WriteAs(f, "old"));
        Directory.CreateDirectory(folder[$".x.{DeadProcess}.tmp"]);
        Directory.CreateDirectory(folder[$".x.{DeadProcess}.old"]);
        AtomicFolder.Write(folder["x"], Marker, f => WriteAs(f, "new"));
        Assert.That(Siblings(folder.Root), Is.EqualTo(new[] { "x" }));
    }

    [TestCase(DeadProcess)]
    [TestCase(0)]
    public void Write_AfterAWriterKilledBetweenTwoRenames_BringsTheEarlierFolderBack(int process)
    {
        using var folder = new TemporaryFolder();
        var id = process == 0 ? Environment.ProcessId : process;
        AtomicFolder.Write(folder["x"], Marker, f => WriteAs(f, "old"));
        Directory.Move(folder["x"], folder[$".x.{id}.old"]);
        Assert.Multiple(() =>
        {
            Assert.That(() => AtomicFolder.Write(folder["x"], Marker, f => FailHalfway(f, typeof(IOException))), Throws.TypeOf<IOException>());
            Assert.That(Read(folder["x"]), Is.EqualTo("old"));
            Assert.That(Siblings(folder.Root), Is.EqualTo(new[] { "x" }));
        });
    }

    [Test]
    public void Write_BesideFoldersOfOthers_LeavesThem()
    {
        using var folder = new TemporaryFolder();
        string[] others = [".x.1.tmp", $".x.{DeadProcess}.bak", ".x.hello.tmp", $".xy.{DeadProcess}.tmp", ".x."];
        Array.ForEach(others, o => Directory.CreateDirectory(folder[o]));
        AtomicFolder.Write(folder["x"], Marker, f => WriteAs(f, "new"));
        Assert.That(Siblings(folder.Root), Is.EquivalentTo([.. others, "x"]), "process 1 always runs");
    }

    private static void FailHalfway(string folder, Type failure)
    {
        WriteAs(folder, "half");
        throw (Exception)Activator.CreateInstance(failure)!;
    }

    private static void WriteAs(string folder, string content) => File.WriteAllText(Path.Combine(folder, Marker), content);

    private static string Read(string folder) => File.ReadAllText(Path.Combine(folder, Marker));

    private static IEnumerable<string> Siblings(string folder) => Directory.EnumerateFileSystemEntries(folder).Select(p => Path.GetFileName(p)!);
}
