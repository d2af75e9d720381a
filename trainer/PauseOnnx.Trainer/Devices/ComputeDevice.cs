using System.Globalization;
using TorchSharp;

namespace PauseOnnx.Trainer;

/// <summary>Where a run computes: <c>--device auto|cpu|cuda[:n]</c>.</summary>
public static class ComputeDevice
{
    /// <summary>What <c>--device</c> takes, for help and messages.</summary>
    public const string Forms = "auto, cpu, cuda or cuda:n";

    private const string Cuda = "cuda";

    /// <summary>Why a text is no device; null when it is one.</summary>
    public static string? FaultOf(string text) =>
        text is "auto" or "cpu" || NumberOf(text) is not null ? null : $"--device is '{text}'; expected {Forms}.";

    /// <summary>The device a user means.</summary>
    /// <param name="text"><c>auto</c> takes a GPU where there is one; <c>cuda</c> without a number takes the rank's.</param>
    /// <param name="localRank">This process among those on the same machine, so that each takes a GPU of its own.</param>
    /// <exception cref="ArgumentException">The text is no device.</exception>
    /// <exception cref="PlatformNotSupportedException">A GPU is asked for that is not there.</exception>
    public static torch.Device Choose(string text, int localRank) =>
        FaultOf(text) is { } fault ? throw new ArgumentException(fault, nameof(text))
        : ChooseGpu(text, localRank, CountGpus(text), LibTorch.Backend) is { } number ? torch.device(DeviceType.CUDA, number)
        : torch.CPU;

    /// <summary>The GPU a user means, counted from 0; null for the processor.</summary>
    /// <param name="text">As above, and a device.</param>
    /// <param name="localRank">As above.</param>
    /// <param name="gpus">Number of GPUs libtorch can use.</param>
    /// <param name="backend">What the program was built with.</param>
    internal static int? ChooseGpu(string text, int localRank, int gpus, string backend)
    {
        if (text == "cpu" || (text == "auto" && gpus == 0))
        {
            return null;
        }

        var number = NumberOf(text) is >= 0 and var chosen ? chosen : localRank;
        return number < gpus ? number : throw new PlatformNotSupportedException(gpus == 0
            ? $"--device {text} needs an NVIDIA GPU that libtorch can use, and there is none. {Advice(backend)}"
            : $"--device {text} is GPU {number}, counted from 0, and there are {gpus}; expected a number below {gpus}, and no more processes on a machine than GPUs.");
    }

    private static string Advice(string backend) => backend == "cpu"
        ? "This program was built with TorchBackend=cpu; build it with -p:TorchBackend=cuda, or with -p:TorchBackend=external for a libtorch of your own."
        : $"This program was built with TorchBackend={backend}; check that nvidia-smi lists a GPU and that libtorch was made for CUDA.";

    // -1 for cuda without a number, null for another text.
    private static int? NumberOf(string text) =>
        text == Cuda ? -1
        : text.StartsWith($"{Cuda}:", StringComparison.Ordinal) && int.TryParse(text.AsSpan(Cuda.Length + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : null;

    // Asking libtorch takes time and memory where there is a GPU, so a run on the processor does not ask.
    private static int CountGpus(string text) => text != "cpu" && torch.cuda.is_available() ? torch.cuda.device_count() : 0;
}
