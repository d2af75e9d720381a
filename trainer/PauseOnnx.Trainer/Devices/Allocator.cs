using System.Reflection;
using System.Runtime.InteropServices;

namespace PauseOnnx.Trainer;

/// <summary>
/// Which allocator holds the tensors. glibc 2.36 does not take an aligned block again for one of the same size, so that the
/// memory of a training process grows step by step (by half in ten steps of a 14M model) although its tensors do not;
/// tcmalloc's stays the same. A process gets another allocator only when it starts, so it starts anew, once, with the same
/// arguments.
/// </summary>
internal static partial class Allocator
{
    private const string Library = "libtcmalloc_minimal.so.4";

    /// <summary><c>system</c> leaves glibc's in place; a process that was started anew has <c>tcmalloc</c> here.</summary>
    private const string Variable = "PAUSEONNX_MALLOC";

    private static readonly string[] Folders = ["/usr/lib/x86_64-linux-gnu", "/usr/lib/aarch64-linux-gnu", "/usr/lib64", "/usr/lib"];

    /// <summary>
    /// Starts this program anew with tcmalloc, when it is the process's own program, tcmalloc is installed and the user has
    /// neither chosen an allocator nor preloaded a library; otherwise returns.
    /// </summary>
    /// <param name="program">The assembly whose Main asks: under a test runner it is not the process's own.</param>
    public static void PreferTcmalloc(Assembly program)
    {
        if (!OperatingSystem.IsLinux() || Assembly.GetEntryAssembly() != program
            || Environment.GetEnvironmentVariable(Variable) is not null || Environment.GetEnvironmentVariable("LD_PRELOAD") is { Length: > 0 }
            || Folders.Select(folder => Path.Combine(folder, Library)).FirstOrDefault(File.Exists) is not { } library)
        {
            return;
        }

        NativeEnvironment.SetDefault(Variable, "tcmalloc");
        NativeEnvironment.SetDefault("LD_PRELOAD", library);

        // Else .NET collects garbage only after as much as the processor caches, which can be a hundred megabytes.
        NativeEnvironment.SetDefault("DOTNET_GCgen0size", "0x400000");
        string?[] arguments = [.. File.ReadAllText("/proc/self/cmdline").TrimEnd('\0').Split('\0'), null];

        // Returns only when it fails, and then this process goes on as it is.
        _ = Execute("/proc/self/exe", arguments);
    }

    [LibraryImport("libc", EntryPoint = "execv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Execute(string path, string?[] arguments);
}
