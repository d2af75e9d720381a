using NUnit.Framework;

namespace PauseOnnx.Tests.Support;

/// <summary>Vulkan on a processor, by which ONNX Runtime's WebGPU provider runs without a GPU.</summary>
internal static class SwiftShader
{
    /// <summary>Debian's package chromium-common: the driver's description, beside the driver and Vulkan's loader.</summary>
    public const string Driver = "/usr/lib/chromium/vk_swiftshader_icd.json";

    /// <summary>What the loader needs to find the driver.</summary>
    public static Dictionary<string, string> Environment => new()
    {
        ["VK_DRIVER_FILES"] = Driver,
        ["VK_ICD_FILENAMES"] = Driver,
        ["LD_LIBRARY_PATH"] = Path.GetDirectoryName(Driver)!,
    };

    /// <summary>Skips the test, with the reason, where there is no driver.</summary>
    public static void IgnoreUnlessInstalled()
    {
        if (!File.Exists(Driver))
        {
            Assert.Ignore($"'{Driver}' is missing: WebGPU needs a Vulkan driver, such as the one of Debian's package chromium-common.");
        }
    }
}
