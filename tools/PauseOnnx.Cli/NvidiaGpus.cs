using System.ComponentModel;
using System.Diagnostics;

namespace PauseOnnx.Cli;

/// <summary>The GPUs that NVIDIA's driver knows, whether ONNX Runtime was built for them or not.</summary>
internal static class NvidiaGpus
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(10);

    /// <summary>Name, memory and driver of each, in the order of their numbers; empty where <c>nvidia-smi</c> is missing or fails.</summary>
    public static IReadOnlyList<string> Read()
    {
        var start = new ProcessStartInfo("nvidia-smi", "--query-gpu=name,memory.total,driver_version --format=csv,noheader")
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        try
        {
            using var process = Process.Start(start)!;
            var output = process.StandardOutput.ReadToEndAsync();
            if (process.WaitForExit(Patience))
            {
                return process.ExitCode == 0 ? output.Result.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries) : [];
            }

            process.Kill();
            return [];
        }
        catch (Win32Exception)
        {
            return [];
        }
    }
}
