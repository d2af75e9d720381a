using System.Diagnostics;
using System.Text;

namespace PauseOnnx.Tests.Support;

/// <summary>A program as a process of its own, as a user starts it.</summary>
internal sealed class ProgramProcess : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private readonly Process _process;
    private readonly StringBuilder _output = new();
    private readonly StringBuilder _errors = new();

    private ProgramProcess(ProcessStartInfo start)
    {
        _process = new Process { StartInfo = start };
        _process.OutputDataReceived += (_, e) => Append(_output, e.Data);
        _process.ErrorDataReceived += (_, e) => Append(_errors, e.Data);
        _process.Start();
        _process.BeginOutputReadLine();
        _process.BeginErrorReadLine();
    }

    /// <summary>The process's number.</summary>
    public int Id => _process.Id;

    /// <summary>Standard output so far.</summary>
    public string Output => Read(_output);

    /// <summary>Standard error so far.</summary>
    public string Errors => Read(_errors);

    /// <summary>Whether it has ended.</summary>
    public bool HasExited => _process.HasExited;

    /// <summary>Whether a program of the machine, such as <c>node</c>, is found on the path.</summary>
    public static bool IsInstalled(string program) => (Environment.GetEnvironmentVariable("PATH") ?? "").Split(Path.PathSeparator)
        .Any(folder => File.Exists(Path.Combine(folder, OperatingSystem.IsWindows() ? $"{program}.exe" : program)));

    /// <summary>Starts <c>pauseonnx</c> or <c>pauseonnx-train</c>.</summary>
    public static ProgramProcess Start(string program, params string[] arguments) =>
        StartProcess("dotnet", [Path.Combine(AppContext.BaseDirectory, $"{program}.dll"), .. arguments]);

    /// <summary>Starts a program in a shell after a preparation such as <c>ulimit -f 8</c>.</summary>
    public static ProgramProcess StartAfter(string preparation, string program, params string[] arguments) =>
        StartProcess("bash", ["-c", $"{preparation}; exec dotnet \"$0\" \"$@\"", Path.Combine(AppContext.BaseDirectory, $"{program}.dll"), .. arguments]);

    /// <summary>Starts a program of the machine, such as <c>node</c>.</summary>
    /// <param name="file">The program.</param>
    /// <param name="arguments">Its arguments.</param>
    /// <param name="environment">Variables that it has besides the test's own; null for none.</param>
    /// <param name="folder">Its current folder; null for the test's own.</param>
    public static ProgramProcess StartProcess(
        string file, IEnumerable<string> arguments, IReadOnlyDictionary<string, string>? environment = null, string? folder = null)
    {
        var start = new ProcessStartInfo(file) { RedirectStandardOutput = true, RedirectStandardError = true, WorkingDirectory = folder };
        foreach (var argument in arguments)
        {
            start.ArgumentList.Add(argument);
        }

        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
        {
            start.Environment[name] = value;
        }

        return new ProgramProcess(start);
    }

    /// <summary>Waits until the program has printed a text; fails the test when it ends without.</summary>
    public void WaitForOutput(string text) => WaitFor(text, () => Output);

    /// <summary>Waits until the program has printed a text on standard error; fails the test when it ends without.</summary>
    public void WaitForErrors(string text) => WaitFor(text, () => Errors);

    private void WaitFor(string text, Func<string> printed)
    {
        var clock = Stopwatch.StartNew();
        while (!printed().Contains(text, StringComparison.Ordinal))
        {
            if (_process.HasExited || clock.Elapsed > Patience)
            {
                throw new InvalidOperationException($"The program did not print '{text}': {Output} {Errors}");
            }

            Thread.Sleep(20);
        }
    }

    /// <summary>Presses Ctrl-C.</summary>
    public void Interrupt()
    {
        using var kill = Process.Start("kill", ["-INT", $"{_process.Id}"]);
        kill.WaitForExit();
    }

    /// <summary>Ends the program at once, without warning (SIGKILL), and nothing that it started.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    /// <summary>Waits for the end and returns the exit code.</summary>
    /// <param name="patience">How long at most; null for two minutes.</param>
    public int WaitForExit(TimeSpan? patience = null)
    {
        if (!_process.WaitForExit(patience ?? Patience))
        {
            throw new InvalidOperationException($"The program did not end within {patience ?? Patience}: {Output} {Errors}");
        }

        _process.WaitForExit();
        return _process.ExitCode;
    }

    public void Dispose()
    {
        if (!_process.HasExited)
        {
            _process.Kill(entireProcessTree: true);
        }

        _process.Dispose();
    }

    private static void Append(StringBuilder builder, string? line)
    {
        lock (builder)
        {
            builder.AppendLine(line);
        }
    }

    private static string Read(StringBuilder builder)
    {
        lock (builder)
        {
            return builder.ToString();
        }
    }
}
