using System.Runtime.InteropServices;

namespace PauseOnnx.Trainer;

/// <summary>
/// What .NET does not tell or change of the system around the process. Its
/// <see cref="Environment.SetEnvironmentVariable(string, string)"/> changes its own copy only, which native libraries do not see.
/// </summary>
internal static partial class NativeEnvironment
{
    private const int ProcessorsOnline = 84;       // _SC_NPROCESSORS_ONLN of Linux

    /// <summary>The machine's logical processors; <see cref="Environment.ProcessorCount"/> counts those this process may use.</summary>
    public static int MachineProcessors => OperatingSystem.IsLinux() ? (int)GetConfiguration(ProcessorsOnline) : Environment.ProcessorCount;

    /// <summary>Sets a variable that a library reads when it starts, unless the user has set it. Does nothing on Windows.</summary>
    public static void SetDefault(string name, string value)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetEnvironment(name, value, overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "sysconf")]
    private static partial nint GetConfiguration(int name);

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
