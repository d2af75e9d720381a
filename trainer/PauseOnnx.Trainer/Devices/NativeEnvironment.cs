using System.Runtime.InteropServices;

namespace PauseOnnx.Trainer;

/// <summary>
/// Environment variables as native libraries see them: <see cref="Environment.SetEnvironmentVariable(string, string)"/>
/// changes .NET's copy only.
/// </summary>
internal static partial class NativeEnvironment
{
    /// <summary>Sets a variable that a library reads when it starts, unless the user has set it. Does nothing on Windows.</summary>
    public static void SetDefault(string name, string value)
    {
        if (!OperatingSystem.IsWindows())
        {
            _ = SetEnvironment(name, value, overwrite: 0);
        }
    }

    [LibraryImport("libc", EntryPoint = "setenv", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int SetEnvironment(string name, string value, int overwrite);
}
