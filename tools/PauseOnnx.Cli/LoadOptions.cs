using System.CommandLine;
using Microsoft.Extensions.Logging;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using PauseOnnx.Runtime;

namespace PauseOnnx.Cli;

/// <summary>How a command loads a model: <c>--precision</c>, <c>--provider</c>, <c>--device</c> and <c>--threads</c>.</summary>
internal sealed class LoadOptions
{
    /// <summary>Which graph of the folder.</summary>
    public Option<GraphPrecision?> Precision { get; } = PrecisionOption.Create();

    /// <summary>What computes it.</summary>
    public Option<ExecutionProvider> Provider { get; } = new("--provider")
    {
        Description = "What computes: auto (CUDA where it is there, else the processor), cpu, cuda, tensorrt, a plug-in's NAME, or NAME=PATH with the plug-in's library ['pauseonnx devices' lists what there is; default: auto].",
        HelpName = "auto|cpu|cuda|tensorrt|NAME[=PATH]",
        DefaultValueFactory = _ => ExecutionProvider.Auto,
        CustomParser = result => Parse(result.Tokens[0].Value),
    };

    /// <summary>Which of the provider's devices.</summary>
    public Option<int?> Device { get; } = new Option<int?>("--device") { Description = "Which of the provider's devices, counted from 0 [default: 0]." }.AtLeast(0);

    /// <summary>Threads of the processor.</summary>
    public Option<int?> Threads { get; } = new Option<int?>("--threads") { Description = "Threads that share the work on the processor [default: one a physical core]." }.Positive();

    /// <summary>Gives them to a command.</summary>
    public void AddTo(Command command)
    {
        command.Options.Add(Precision);
        command.Options.Add(Provider);
        command.Options.Add(Device);
        command.Options.Add(Threads);
    }

    /// <summary>What the user asked for; warnings go to standard error.</summary>
    /// <exception cref="ArgumentException">A device was named of a provider that has no choice of devices.</exception>
    public PauseModelOptions Read(ParseResult parsed) => new()
    {
        Precision = parsed.GetValue(Precision),
        IntraOpThreads = parsed.GetValue(Threads),
        ExecutionProvider = OnDevice(parsed.GetRequiredValue(Provider), parsed.GetValue(Device)),
        LoggerFactory = new WarningLogger(),
    };

    private static ExecutionProvider Parse(string text) => text switch
    {
        "auto" => ExecutionProvider.Auto,
        "cpu" => ExecutionProvider.Cpu,
        "cuda" => ExecutionProvider.Cuda,
        "tensorrt" => ExecutionProvider.TensorRt,
        _ when text.Split('=', 2) is [var name, var path] => new PluginProvider(name) { LibraryPath = path },
        _ => new PluginProvider(text),
    };

    private static ExecutionProvider OnDevice(ExecutionProvider provider, int? device) => (provider, device) switch
    {
        (_, null) => provider,
        (CudaProvider cuda, { } id) => cuda with { DeviceId = id },
        (TensorRtProvider tensorRt, { } id) => tensorRt with { DeviceId = id },
        (PluginProvider plugin, { } id) => plugin with { DeviceId = id },
        _ => throw new ArgumentException($"--device is {device}, but --provider is {provider.Name}; expected cuda, tensorrt or a plug-in's name with it."),
    };

    /// <summary>Says on standard error what the user should know, a line each.</summary>
    private sealed class WarningLogger : ILoggerFactory, ILogger
    {
        public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

        public ILogger CreateLogger(string categoryName) => this;

        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                Console.Error.WriteLine($"warning: {formatter(state, exception)}");
            }
        }

        public void Dispose()
        {
        }
    }
}
