using System.Runtime.InteropServices;
using System.Runtime.Intrinsics.X86;
using System.Text;

namespace PauseOnnx.Trainer;

/// <summary>
/// Which kernels MKL, the library behind float32 matrix products on x86-64, chooses. It takes its fast ones when its function
/// <c>mkl_serv_intel_cpu_true</c> says so; on other makers' processors with the same instructions a product takes about twice
/// as long.
/// </summary>
/// <remarks>The kernels differ in the last bits, so a checkpoint records which were used.</remarks>
internal static unsafe partial class MklPath
{
    /// <summary>Environment variable: <c>stock</c> leaves MKL as it is, <c>patched</c> patches it whatever the processor.</summary>
    public const string Variable = "PAUSEONNX_MKL";

    /// <summary>MKL decides, and the processor is not Intel's, or there is no MKL.</summary>
    public const string Stock = "stock";

    /// <summary>MKL takes the fast kernels because its function now returns 1.</summary>
    public const string Patched = "patched";

    /// <summary>MKL takes them by itself.</summary>
    public const string Intel = "intel";

    private const int ReadExecute = 5;             // PROT_READ | PROT_EXEC
    private const int ReadWriteExecute = 7;        // with PROT_WRITE

    private static readonly Lazy<string> Used = new(() => Use(Environment.GetEnvironmentVariable(Variable), VendorOf(), Patch));

    /// <summary>Chooses once, and says what was chosen. Must come before the first matrix product.</summary>
    /// <exception cref="InvalidDataException">The environment variable holds another word.</exception>
    public static string Use() => Used.Value;

    /// <inheritdoc cref="Use()"/>
    /// <param name="wish">Value of <see cref="Variable"/>.</param>
    /// <param name="vendor">The processor's maker as CPUID has it.</param>
    /// <param name="patch">Tries to patch.</param>
    internal static string Use(string? wish, string vendor, Func<bool> patch) => wish switch
    {
        Stock => Stock,
        Patched => patch() ? Patched : Stock,
        null or "" => vendor switch
        {
            "GenuineIntel" => Intel,
            "AuthenticAMD" => patch() ? Patched : Stock,
            _ => Stock,
        },
        _ => throw new InvalidDataException($"{Variable} is '{wish}'; expected {Stock} or {Patched}."),
    };

    /// <summary>Makes the function return 1, in this process's copy of its page alone.</summary>
    /// <returns>False, with nothing changed, where there is no such function or memory is protected from it.</returns>
    internal static bool Patch()
    {
        if (!OperatingSystem.IsLinux() || !X86Base.X64.IsSupported || !NativeLibrary.TryGetExport(LibTorch.Cpu, "mkl_serv_intel_cpu_true", out var function))
        {
            return false;
        }

        ReadOnlySpan<byte> code = [0xb8, 1, 0, 0, 0, 0xc3];    // mov eax, 1; ret
        var start = function / Environment.SystemPageSize * Environment.SystemPageSize;
        var size = (nuint)(function + code.Length - start);
        if (Protect(start, size, ReadWriteExecute) != 0)
        {
            return false;
        }

        code.CopyTo(new Span<byte>((void*)function, code.Length));
        _ = Protect(start, size, ReadExecute);
        return true;
    }

    private static string VendorOf()
    {
        if (!X86Base.IsSupported)
        {
            return "";
        }

        var (_, b, c, d) = X86Base.CpuId(0, 0);
        return Encoding.ASCII.GetString(MemoryMarshal.AsBytes<int>([b, d, c]));
    }

    [LibraryImport("libc", EntryPoint = "mprotect")]
    private static partial int Protect(nint start, nuint size, int protection);
}
