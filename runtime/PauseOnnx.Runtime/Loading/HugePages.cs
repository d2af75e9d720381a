using System.Globalization;
using System.Runtime.InteropServices;

namespace PauseOnnx.Runtime;

/// <summary>
/// Puts the weights of a loaded graph on pages of 2 MB. A decode step reads all of them once, and with pages of 4 KB it waits for
/// page tables: a float32 model of 130M decodes a tenth faster on large ones.
/// </summary>
/// <remarks>
/// Linux only, elsewhere nothing happens. ONNX Runtime allocates the weights itself, so what appeared while it loaded is found in
/// /proc/self/maps and offered to the kernel by madvise(2), which may decline. The memory's content and size stay the same.
/// </remarks>
internal sealed unsafe class HugePages
{
    // madvise(2): allow large pages here; make them now (Linux 6.1 and newer).
    private const int Allow = 14;
    private const int Collapse = 25;

    private const long PageSize = 2L << 20;

    // Smaller regions hold no matrix worth it, and the rest of the process keeps its own.
    private const long SmallestRegion = 4 * PageSize;

    private readonly List<(long Start, long End)> _before = Regions();

    /// <summary>Remembers what there is before a graph is loaded.</summary>
    public static HugePages Watch() => new();

    /// <summary>
    /// Moves what has appeared since to large pages, in the background: half a gigabyte takes a second, for which nobody should
    /// have to wait.
    /// </summary>
    public void Apply()
    {
        if (OperatingSystem.IsLinux())
        {
            new Thread(Move) { IsBackground = true, Name = "PauseOnnx: large pages", Priority = ThreadPriority.BelowNormal }.Start();
        }
    }

    // Memory that somebody frees meanwhile is refused by the kernel, which does no harm.
    internal void Move()
    {
        foreach (var (start, end) in Regions().SelectMany(NewParts))
        {
            var (first, last) = (RoundUp(start), end & -PageSize);
            if (last - first >= SmallestRegion)
            {
                _ = Advise((void*)first, (nuint)(last - first), Allow);
                _ = Advise((void*)first, (nuint)(last - first), Collapse);
            }
        }
    }

    // Neighbouring regions are shown as one.
    private IEnumerable<(long Start, long End)> NewParts((long Start, long End) region)
    {
        var start = region.Start;
        foreach (var known in _before.Where(r => r.Start < region.End && r.End > region.Start))
        {
            if (known.Start > start)
            {
                yield return (start, known.Start);
            }

            start = Math.Max(start, known.End);
        }

        if (start < region.End)
        {
            yield return (start, region.End);
        }
    }

    private static long RoundUp(long address) => (address + PageSize - 1) & -PageSize;

    // Private memory without a file behind it, in the order of addresses: "7f00000000-7f10000000 rw-p 00000000 00:00 0".
    private static List<(long Start, long End)> Regions()
    {
        var regions = new List<(long, long)>();
        if (!OperatingSystem.IsLinux() || !File.Exists("/proc/self/maps"))
        {
            return regions;
        }

        foreach (var line in File.ReadLines("/proc/self/maps"))
        {
            var fields = line.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            if (fields is [var range, "rw-p", _, _, "0"] && range.Split('-') is [var start, var end])
            {
                var (first, last) = (long.Parse(start, NumberStyles.HexNumber, CultureInfo.InvariantCulture), long.Parse(end, NumberStyles.HexNumber, CultureInfo.InvariantCulture));
                if (last - first >= SmallestRegion)
                {
                    regions.Add((first, last));
                }
            }
        }

        return regions;
    }

    [DllImport("libc", EntryPoint = "madvise")]
    [DefaultDllImportSearchPaths(DllImportSearchPath.SafeDirectories)]
    private static extern int Advise(void* start, nuint length, int advice);
}
