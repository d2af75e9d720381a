using System.Runtime.InteropServices;

namespace PauseOnnx.Benchmarks.LlamaCpp;

/// <summary>
/// llama.cpp's own C interface, from the libraries that the npm package <c>@node-llama-cpp/linux-x64</c> holds. Structures
/// are those of the version that the lock file of tests/node names; what is not written here keeps its default.
/// </summary>
internal sealed unsafe class LlamaLibrary
{
    /// <summary>The package, below a folder of npm's.</summary>
    public const string Package = "@node-llama-cpp/linux-x64";

    private readonly nint _library;

    private LlamaLibrary(string folder)
    {
        // The part that computes is loaded by name: the one of those in the folder that this processor runs fastest.
        var ggml = NativeLibrary.Load(Find(folder, "libggml.v*.so"));
        _library = NativeLibrary.Load(Find(folder, "libllama.v*.so"));
        ((delegate* unmanaged[Cdecl]<delegate* unmanaged[Cdecl]<int, byte*, void*, void>, void*, void>)Function("llama_log_set"))(&Ignore, null);
        var path = Marshal.StringToCoTaskMemUTF8(folder);
        ((delegate* unmanaged[Cdecl]<nint, void>)NativeLibrary.GetExport(ggml, "ggml_backend_load_all_from_path"))(path);
        Marshal.FreeCoTaskMem(path);
        ((delegate* unmanaged[Cdecl]<void>)Function("llama_backend_init"))();
    }

    /// <summary>Where the libraries lie in a folder of npm's.</summary>
    /// <param name="nodeModules">Such as tests/node/node_modules.</param>
    public static string FolderIn(string nodeModules) => Path.Combine(nodeModules, Package, "bins", "linux-x64");

    /// <summary>Loads the libraries.</summary>
    /// <param name="folder">Where they lie.</param>
    /// <exception cref="DllNotFoundException">They are not there, or do not run here.</exception>
    public static LlamaLibrary Load(string folder) => new(Path.GetFullPath(folder));

    /// <summary>The address of a function.</summary>
    /// <exception cref="EntryPointNotFoundException">This version has none of that name.</exception>
    public nint Function(string name) => NativeLibrary.GetExport(_library, name);

    private static string Find(string folder, string pattern) =>
        Directory.Exists(folder) && Directory.EnumerateFiles(folder, pattern).FirstOrDefault() is { } file
            ? file
            : throw new DllNotFoundException($"'{folder}' has no {pattern}; run 'npm ci --ignore-scripts' in tests/node, on Linux on x64.");

    [UnmanagedCallersOnly(CallConvs = [typeof(System.Runtime.CompilerServices.CallConvCdecl)])]
    private static void Ignore(int level, byte* text, void* data)
    {
    }
}
