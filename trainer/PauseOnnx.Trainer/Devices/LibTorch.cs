using System.Reflection;
using System.Runtime.InteropServices;
using System.Text.RegularExpressions;
using TorchSharp;

namespace PauseOnnx.Trainer;

/// <summary>
/// The native library that computes. Built with <c>TorchBackend=cpu</c> or <c>cuda</c> it lies beside the program; with
/// <c>TorchBackend=external</c> it is one that the machine has already, found by path.
/// </summary>
internal static unsafe partial class LibTorch
{
    /// <summary>Names a folder with libtorch's <c>lib/</c>, in place of the <c>TorchPath</c> the program was built with.</summary>
    public const string PathVariable = "PAUSEONNX_LIBTORCH";

    /// <summary>The version that TorchSharp's own native part was made for.</summary>
    public const string Version = "2.10";

    private const string External = "external";

    // Each before those that need it; the last two exist in builds for CUDA only.
    private static readonly string[] Parts = ["c10", "torch_cpu", "torch", "c10_cuda", "torch_cuda"];

    private static readonly Lazy<bool> Loaded = new(LoadOnce);

    /// <summary><c>cpu</c>, <c>cuda</c> or <c>external</c>: the MSBuild property TorchBackend.</summary>
    public static string Backend { get; } = Metadata("TorchBackend");

    /// <summary>Handle of the part that holds the processor's kernels, MKL and the C interface.</summary>
    public static nint Cpu
    {
        get
        {
            Load();
            return NativeLibrary.Load("torch_cpu", typeof(torch).Assembly, searchPath: null);
        }
    }

    /// <summary>Loads libtorch and, if it is an external one, tests it. Must come before any other use; a second call does nothing.</summary>
    /// <exception cref="FileNotFoundException">There is no external libtorch where it is said to be.</exception>
    /// <exception cref="InvalidOperationException">It is of another version, or computes wrongly.</exception>
    /// <exception cref="DllNotFoundException">A library, or one that it needs, does not load.</exception>
    public static void Load() => _ = Loaded.Value;

    private static bool LoadOnce()
    {
        var variable = Environment.GetEnvironmentVariable(PathVariable);
        if (Backend == External)
        {
            LoadFrom(FindFolder(variable, Metadata("TorchPath")));
        }
        else if (!string.IsNullOrEmpty(variable))
        {
            throw new InvalidOperationException(
                $"{PathVariable} is '{variable}', but this program was built with TorchBackend={Backend}, which brings its own libtorch. Build it with -p:TorchBackend={External}, or unset the variable.");
        }

        LoadTorchSharp();
        if (Backend == External)
        {
            SelfTest();
        }

        return true;
    }

    // As TorchSharp loads it, but with the loader's own words when it fails.
    private static void LoadTorchSharp()
    {
        _ = NativeLibrary.TryLoad("torch_cpu", typeof(torch).Assembly, searchPath: null, out _);
        _ = NativeLibrary.Load("LibTorchSharp", typeof(torch).Assembly, searchPath: null);
        torch.InitializeDeviceType(DeviceType.CPU);
    }

    /// <summary>The folder with the libraries.</summary>
    /// <param name="variable">The user's choice, or null.</param>
    /// <param name="built">The choice made when building, or empty.</param>
    internal static string FindFolder(string? variable, string built)
    {
        var root = string.IsNullOrEmpty(variable) ? built : variable;
        var library = FileOf("torch_cpu");
        return root.Length == 0
            ? throw new FileNotFoundException($"This program was built with TorchBackend={External} and brings no libtorch. Set {PathVariable} to the folder of a libtorch {Version} (the one that holds lib/{library}).")
            : new[] { Path.Combine(root, "lib"), root }.FirstOrDefault(folder => File.Exists(Path.Combine(folder, library)))
                ?? throw new FileNotFoundException($"'{root}' holds neither lib/{library} nor {library}; expected the folder of a libtorch {Version}. It comes from {(root == built ? "the MSBuild property TorchPath" : PathVariable)}.");
    }

    // By full path, so that the loader finds them already there when TorchSharp asks for them by name.
    private static void LoadFrom(string folder)
    {
        foreach (var file in Parts.Select(part => Path.Combine(folder, FileOf(part))).Where(File.Exists))
        {
            var library = NativeLibrary.Load(file);
            // Before TorchSharp's own part, which may not even load with another version.
            if (NativeLibrary.TryGetExport(library, "_ZN2at11show_configB5cxx11Ev", out var showConfig))
            {
                CheckVersion(ReadConfig(showConfig), folder);
            }
        }
    }

    /// <summary>Refuses another version.</summary>
    /// <param name="config">What at::show_config says.</param>
    /// <param name="folder">Where the library was found.</param>
    internal static void CheckVersion(string config, string folder)
    {
        var version = TorchVersion().Match(config).Groups["version"].Value;
        if (version != Version && !version.StartsWith($"{Version}.", StringComparison.Ordinal))
        {
            throw new InvalidOperationException($"The libtorch in '{folder}' is version '{version}'; expected {Version}, for which TorchSharp's native part was made.");
        }
    }

    // std::string at::show_config(), returned in memory that the caller provides: an address, a length and 16 bytes more. The
    // text is made once and never freed.
    private static string ReadConfig(nint showConfig)
    {
        var text = stackalloc nint[4];
        _ = ((delegate* unmanaged<nint*, nint>)showConfig)(text);
        return Marshal.PtrToStringUTF8(text[0], (int)text[1]);
    }

    // x = [[1, 2], [3, 4]], y = [[5, 6], [7, 8]]: x y = [[19, 22], [43, 50]], and the sum's gradient in x is y's row sums.
    private static void SelfTest()
    {
        using var scope = torch.NewDisposeScope();
        var x = torch.tensor([1f, 2, 3, 4], [2, 2], requires_grad: true);
        var product = x.matmul(torch.tensor([5f, 6, 7, 8], [2, 2]));
        product.sum().backward();
        float[] found = [.. product.data<float>(), .. x.grad!.data<float>()];
        if (!found.SequenceEqual([19f, 22, 43, 50, 11, 15, 11, 15]))
        {
            throw new InvalidOperationException($"The external libtorch computes wrongly: a product and its gradient are [{string.Join(", ", found)}]; expected [19, 22, 43, 50, 11, 15, 11, 15]. Use a libtorch {Version}.");
        }
    }

    private static string FileOf(string part) =>
        OperatingSystem.IsWindows() ? $"{part}.dll" : OperatingSystem.IsMacOS() ? $"lib{part}.dylib" : $"lib{part}.so";

    private static string Metadata(string key) =>
        typeof(LibTorch).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().FirstOrDefault(a => a.Key == key)?.Value ?? "";

    [GeneratedRegex(@"TORCH_VERSION=(?<version>[0-9.]+)")]
    private static partial Regex TorchVersion();
}
