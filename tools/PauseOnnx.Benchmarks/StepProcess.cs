using System.Diagnostics;
using System.Text.Json;

namespace PauseOnnx.Benchmarks;

/// <summary>A process that does a step at a time when asked, ours or a peer's.</summary>
internal sealed class StepProcess : IDisposable
{
    private readonly Process _process;

    /// <summary>Starts a process and waits until it is ready.</summary>
    /// <param name="file">Program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables in addition to ours.</param>
    /// <exception cref="InvalidOperationException">It ended instead of answering; the message holds what it printed.</exception>
    public StepProcess(string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardInput = true, RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        _process = Process.Start(start)!;
        About = Read();
    }

    /// <summary>What it said when it was ready.</summary>
    public JsonElement About { get; }

    /// <summary>Does a step.</summary>
    /// <param name="request">What to do, one line.</param>
    /// <returns>What it measured.</returns>
    public JsonElement Step(string request = "step")
    {
        _process.StandardInput.WriteLine(request);
        _process.StandardInput.Flush();
        return Read();
    }

    /// <summary>Starts a command of this program.</summary>
    /// <exception cref="InvalidOperationException">It ended instead of answering; the message holds what it printed.</exception>
    public static StepProcess Ours(params string[] arguments) => new(Environment.ProcessPath!, Self(arguments));

    /// <summary>The arguments of this process's program that run a command of ours.</summary>
    public static IEnumerable<string> Self(params string[] arguments) =>
        // Under `dotnet pauseonnx-bench.dll` the process is dotnet, and needs to be told what to run.
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(StepProcess).Assembly.Location, .. arguments] : arguments;

    /// <inheritdoc/>
    public void Dispose()
    {
        _process.Kill();
        _process.Dispose();
    }

    private JsonElement Read() => _process.StandardOutput.ReadLine() is { } line
        ? JsonSerializer.Deserialize<JsonElement>(line)
        : throw new InvalidOperationException($"'{_process.StartInfo.FileName}' ended without an answer: {_process.StandardError.ReadToEnd().Trim().Split('\n')[^1]}");
}
