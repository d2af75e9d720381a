using System.Globalization;
using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Runtime;

public sealed unsafe class HugePagesTests
{
    private const int Size = 64 << 20;

    [Test]
    public void Move_MemoryThatAppeared_LiesOnLargePagesAndKeepsItsContent()
    {
        if (!OperatingSystem.IsLinux() || Environment.OSVersion.Version < new Version(6, 1) || !Directory.Exists("/sys/kernel/mm/transparent_hugepage"))
        {
            Assert.Ignore("large pages on demand need Linux 6.1 with transparent huge pages");
        }

        var before = (byte*)NativeMemory.AlignedAlloc(Size, 4096);
        Fill(before);
        var pages = HugePages.Watch();
        var after = (byte*)NativeMemory.AlignedAlloc(Size, 4096);
        try
        {
            Fill(after);
            var (known, appeared) = (LargePagesOf(before), LargePagesOf(after));
            pages.Move();
            if (LargePagesOf(after) == appeared && known > 0)
            {
                Assert.Ignore("the kernel gives every process large pages already");
            }

            Assert.That(LargePagesOf(after), Is.GreaterThan(Size / 2));
            for (var i = 0; i < Size; i += 4096)
            {
                Assert.That(after[i], Is.EqualTo((byte)(i >> 12)));
            }
        }
        finally
        {
            NativeMemory.AlignedFree(before);
            NativeMemory.AlignedFree(after);
        }
    }

    // Written, so that it is there.
    private static void Fill(byte* memory)
    {
        for (var i = 0; i < Size; i += 4096)
        {
            memory[i] = (byte)(i >> 12);
        }
    }

    // Bytes on large pages of the region in the middle of this memory, by /proc/self/smaps; its ends may be regions of their own.
    private static long LargePagesOf(byte* memory)
    {
        var address = (nint)memory + (Size / 2);
        var isInside = false;
        foreach (var line in File.ReadLines("/proc/self/smaps"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields[0].Split('-') is [var start, var end] && long.TryParse(start, NumberStyles.HexNumber, CultureInfo.InvariantCulture, out var first))
            {
                isInside = address >= first && address < long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            }
            else if (isInside && fields[0] == "AnonHugePages:")
            {
                return long.Parse(fields[1], CultureInfo.InvariantCulture) << 10;
            }
        }

        return 0;
    }
}
