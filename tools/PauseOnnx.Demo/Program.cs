using System.CommandLine;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Demo;

/// <summary>The <c>pauseonnx-demo</c> command line.</summary>
public static class Program
{
    /// <summary>Runs one command; returns the process's exit code.</summary>
    public static Task<int> Main(string[] args) => CommandHost.RunAsync(CreateRoot(), args);

    private static RootCommand CreateRoot() => new("Tables and charts of the demonstrations.")
    {
        ChartsCommand.Create(),
    };
}
