using System.Text;
using NUnit.Framework;
using PauseOnnx.Build;

namespace PauseOnnx.Tests.Trainer;

/// <summary>The build step without which TorchSharp does not load on Debian 12.</summary>
public class ElfSymbolVersionsTests
{
    private const string Version = "GLIBCXX_3.4.32";

    // Offsets in the file that Library() makes.
    private const int SectionHeaders = 64, Needs = SectionHeaders + (3 * 64), FirstDemand = Needs + 16, SecondDemand = FirstDemand + 16, Strings = SecondDemand + 16;

    [Test]
    public void Weaken_StrictDemand_SetsOnlyItsFlag()
    {
        var library = Library();
        var expected = Library();
        expected[SecondDemand + 4] = 2;
        Assert.That(ElfSymbolVersions.Weaken(library, Version), Is.EqualTo(1));
        Assert.That(library, Is.EqualTo(expected));
    }

    [Test]
    public void Weaken_SecondTime_ChangesNothing()
    {
        var library = Library();
        ElfSymbolVersions.Weaken(library, Version);
        var once = library.ToArray();
        Assert.That(ElfSymbolVersions.Weaken(library, Version), Is.Zero);
        Assert.That(library, Is.EqualTo(once));
    }

    [Test]
    public void Weaken_OtherVersion_ChangesNothing()
    {
        var library = Library();
        Assert.That(ElfSymbolVersions.Weaken(library, "GLIBCXX_3.4.99"), Is.Zero);
        Assert.That(library, Is.EqualTo(Library()));
    }

    [Test]
    public void Weaken_TextFile_IsRefused() =>
        Assert.That(() => ElfSymbolVersions.Weaken(new byte[100], Version), Throws.TypeOf<InvalidDataException>().With.Message.Contains("ELF"));

    [TestCase(SectionHeaders + 20)]
    [TestCase(Needs + 4)]
    [TestCase(Strings + 2)]
    public void Weaken_CutOffFile_IsRefused(int length) =>
        Assert.That(() => ElfSymbolVersions.Weaken(Library()[..length], Version), Throws.TypeOf<InvalidDataException>().With.Message.Contains("cut off"));

    [Test]
    [Platform("Linux")]
    public void OutputCopy_OfTorchSharp_HasNoStrictDemandLeft()
    {
        var copy = Directory.EnumerateFiles(AppContext.BaseDirectory, "libLibTorchSharp.so", SearchOption.AllDirectories).Single();
        Assert.That(ElfSymbolVersions.Weaken(File.ReadAllBytes(copy), Version), Is.Zero);
    }

    // An ELF file of sections only: null, .gnu.version_r with one library and two demands, its strings.
    private static byte[] Library()
    {
        var strings = Encoding.ASCII.GetBytes($"\0GLIBC_2.2\0{Version}\0");
        var file = new byte[Strings + strings.Length];
        void Put16(int offset, int value) => BitConverter.TryWriteBytes(file.AsSpan(offset), (ushort)value);
        void Put32(int offset, uint value) => BitConverter.TryWriteBytes(file.AsSpan(offset), value);
        void Put64(int offset, ulong value) => BitConverter.TryWriteBytes(file.AsSpan(offset), value);

        new byte[] { 0x7f, (byte)'E', (byte)'L', (byte)'F', 2, 1 }.CopyTo(file, 0);
        Put64(0x28, SectionHeaders);
        Put16(0x3a, 64);
        Put16(0x3c, 3);
        Put32(SectionHeaders + 64 + 4, 0x6ffffffe);
        Put64(SectionHeaders + 64 + 0x18, Needs);
        Put32(SectionHeaders + 64 + 0x28, 2);
        Put32(SectionHeaders + 64 + 0x2c, 1);
        Put64(SectionHeaders + 128 + 0x18, Strings);
        Put16(Needs + 2, 2);
        Put32(Needs + 8, 16);
        Put32(FirstDemand + 8, 1);
        Put32(FirstDemand + 12, 16);
        Put32(SecondDemand + 8, 11);
        strings.CopyTo(file, Strings);
        return file;
    }
}
