using System.Runtime.InteropServices;

namespace PauseOnnx.CommandLine;

/// <summary>The processor as its system describes it.</summary>
public static class Processor
{
    private const string Description = "/proc/cpuinfo";

    // Linux's names of the sets that fast kernels are made of, on x86-64 and on Arm.
    private static readonly string[] Sets =
    [
        "avx2", "fma", "f16c", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_tile", "amx_int8", "amx_bf16",
        "asimd", "asimddp", "i8mm", "bf16", "sve", "sve2",
    ];

    /// <summary>Its name, or its architecture where the system does not say.</summary>
    public static string Name => Read("model name").FirstOrDefault() ?? RuntimeInformation.ProcessArchitecture.ToString();

    /// <summary>Instruction sets that matter for speed, in Linux's words; empty where the system does not say.</summary>
    public static IReadOnlyList<string> InstructionSets
    {
        get
        {
            var flags = Read("flags").Concat(Read("Features")).FirstOrDefault("").Split(' ');
            return [.. Sets.Where(flags.Contains)];
        }
    }

    private static IEnumerable<string> Read(string field) => File.Exists(Description)
        ? File.ReadLines(Description).Select(line => line.Split(':', 2)).Where(p => p.Length == 2 && p[0].Trim() == field).Select(p => p[1].Trim())
        : [];
}
