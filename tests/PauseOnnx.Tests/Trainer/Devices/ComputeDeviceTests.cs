using NUnit.Framework;
using PauseOnnx.Trainer;
using TorchSharp;

namespace PauseOnnx.Tests.Trainer;

/// <summary><c>--device</c>, with GPUs that are played.</summary>
public class ComputeDeviceTests
{
    [TestCase("auto", 0, 0, null)]
    [TestCase("auto", 0, 1, 0)]
    [TestCase("auto", 1, 2, 1)]
    [TestCase("cpu", 0, 2, null)]
    [TestCase("cuda", 0, 1, 0)]
    [TestCase("cuda", 3, 4, 3)]
    [TestCase("cuda:2", 0, 4, 2)]
    [TestCase("cuda:0", 3, 4, 0)]
    public void ChooseGpu_Wish_IsAGpuOrNone(string text, int localRank, int gpus, int? expected) =>
        Assert.That(ComputeDevice.ChooseGpu(text, localRank, gpus, "cuda"), Is.EqualTo(expected));

    [TestCase("cuda", 0, 0, "cpu", "--device cuda needs an NVIDIA GPU that libtorch can use, and there is none. This program was built with TorchBackend=cpu; build it with -p:TorchBackend=cuda, or with -p:TorchBackend=external for a libtorch of your own.")]
    [TestCase("cuda:1", 0, 0, "external", "--device cuda:1 needs an NVIDIA GPU that libtorch can use, and there is none. This program was built with TorchBackend=external; check that nvidia-smi lists a GPU and that libtorch was made for CUDA.")]
    [TestCase("cuda:2", 0, 2, "cuda", "--device cuda:2 is GPU 2, counted from 0, and there are 2; expected a number below 2, and no more processes on a machine than GPUs.")]
    [TestCase("auto", 1, 1, "cuda", "--device auto is GPU 1, counted from 0, and there are 1; expected a number below 1, and no more processes on a machine than GPUs.")]
    public void ChooseGpu_GpuThatIsNotThere_IsRefusedWithAdvice(string text, int localRank, int gpus, string backend, string expected) =>
        Assert.That(() => ComputeDevice.ChooseGpu(text, localRank, gpus, backend), Throws.TypeOf<PlatformNotSupportedException>().With.Message.EqualTo(expected));

    [Test]
    public void Choose_Cpu_IsAlwaysThere() => Assert.That(ComputeDevice.Choose("cpu", 1).type, Is.EqualTo(DeviceType.CPU));

    [TestCase("gpu")]
    [TestCase("cuda:")]
    [TestCase("cuda:-1")]
    [TestCase("cuda:x")]
    [TestCase("CPU")]
    [TestCase("")]
    public void Choose_NoDevice_IsRefused(string text) =>
        Assert.That(() => ComputeDevice.Choose(text, 0), Throws.ArgumentException.With.Message.StartsWith($"--device is '{text}'; expected auto, cpu, cuda or cuda:n."));
}
