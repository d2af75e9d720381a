using System.Runtime.Intrinsics.X86;
using TorchSharp;
using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>What a model computes with in training. Weights are trained and saved in float32 either way.</summary>
public enum Precision
{
    /// <summary>Everything in float32.</summary>
    Fp32,

    /// <summary>Forward and backward in bfloat16, with float32 inside norms, softmax, loss and optimizer.</summary>
    Bf16,
}

/// <summary>Chooses a precision where the user left it open.</summary>
public static class PrecisionChoice
{
    /// <summary>Bf16 where the device multiplies such matrices faster than float32 ones, else Fp32.</summary>
    /// <remarks>
    /// Intel's processors without AMX do have bfloat16 instructions, but a product takes twice as long as in float32 (84
    /// against 160 GFLOP/s on a core of the Sapphire Rapids kind); AMD's Zen 4 and 5 take half as long.
    /// </remarks>
    public static Precision For(Device device)
    {
        if (device.type == DeviceType.CUDA)
        {
            return Precision.Bf16;
        }

        if (!X86Base.IsSupported || X86Base.CpuId(0, 0).Eax < 7)
        {
            return Precision.Fp32;
        }

        const int amxBFloat16 = 1 << 22, avx512BFloat16 = 1 << 5, authenticAmd = 0x68747541;
        var hasAmx = (X86Base.CpuId(7, 0).Edx & amxBFloat16) != 0;
        var hasAvx = (X86Base.CpuId(7, 1).Eax & avx512BFloat16) != 0;
        var isAmd = X86Base.CpuId(0, 0).Ebx == authenticAmd;
        return hasAmx || (hasAvx && isAmd) ? Precision.Bf16 : Precision.Fp32;
    }
}
