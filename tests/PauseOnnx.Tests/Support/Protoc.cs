using System.Diagnostics;
using System.Reflection;
using System.Runtime.InteropServices;

namespace PauseOnnx.Tests.Support;

/// <summary>Protobuf's own compiler, from the package that also compiles the exporter's messages.</summary>
internal static class Protoc
{
    /// <summary>Reads protobuf's text format and returns the message's bytes.</summary>
    /// <param name="schema">A .proto file.</param>
    /// <param name="message">The message's full name.</param>
    /// <param name="text">The message.</param>
    /// <exception cref="FormatException">The text is not such a message; says where.</exception>
    public static byte[] Encode(string schema, string message, string text)
    {
        var start = new ProcessStartInfo(Program)
        {
            ArgumentList = { $"--encode={message}", $"--proto_path={Path.GetDirectoryName(schema)}", schema },
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        using var process = Process.Start(start)!;
        var errors = process.StandardError.ReadToEndAsync();
        process.StandardInput.Write(text);
        process.StandardInput.Close();
        var bytes = new MemoryStream();
        process.StandardOutput.BaseStream.CopyTo(bytes);
        process.WaitForExit();
        return process.ExitCode == 0 ? bytes.ToArray() : throw new FormatException(errors.Result.Trim());
    }

    private static string Program => Path.Combine(
        typeof(Protoc).Assembly.GetCustomAttributes<AssemblyMetadataAttribute>().Single(a => a.Key == "GrpcTools").Value!,
        "tools",
        OperatingSystem.IsWindows() ? "windows_x64" : OperatingSystem.IsMacOS() ? "macosx_universal" : $"linux_{LinuxArchitecture}",
        OperatingSystem.IsWindows() ? "protoc.exe" : "protoc");

    private static string LinuxArchitecture => RuntimeInformation.OSArchitecture == Architecture.Arm64 ? "arm64" : "x64";
}
