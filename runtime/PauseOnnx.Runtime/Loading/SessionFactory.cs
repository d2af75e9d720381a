using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>Opens a graph on an execution provider, or on the best that there is.</summary>
internal static partial class SessionFactory
{
    // By which ONNX Runtime says that the file is at fault and no provider could load it.
    private static readonly string[] FileFaults = ["[ErrorCode:NoSuchFile]", "[ErrorCode:InvalidProtobuf]", "[ErrorCode:InvalidGraph]", "[ErrorCode:NoModel]"];

    /// <summary>Loads a graph with its weights.</summary>
    /// <param name="file">The graph.</param>
    /// <param name="options">How to load it, found valid.</param>
    /// <exception cref="ExecutionProviderException">The provider is not there, or cannot load the graph.</exception>
    /// <exception cref="ModelFormatException">ONNX Runtime refuses the file, or the file of its weights.</exception>
    public static LoadedGraph Create(string file, PauseModelOptions options)
    {
        var logger = (options.LoggerFactory ?? NullLoggerFactory.Instance).CreateLogger(typeof(PauseModel).FullName!);
        var graph = options.ExecutionProvider is AutoProvider
            ? OpenAnywhere(file, options, logger)
            : Open(file, options, options.ExecutionProvider, logger);
        LogLoaded(logger, file, graph.ProviderName, NativeRuntime.Version, graph.CacheMemory.Name);
        return graph;
    }

    private static LoadedGraph OpenAnywhere(string file, PauseModelOptions options, ILogger logger)
    {
        if (ProviderSetup.HasCuda)
        {
            try
            {
                return Open(file, options, ExecutionProvider.Cuda, logger);
            }
            catch (ExecutionProviderException e)
            {
                LogFallback(logger, file, e.Message);
            }
        }
        else
        {
            LogOnlyProcessor(logger, NativeRuntime.Version, ProviderSetup.GpuPackage);
        }

        return Open(file, options, ExecutionProvider.Cpu, logger);
    }

    private static LoadedGraph Open(string file, PauseModelOptions options, ExecutionProvider provider, ILogger logger)
    {
        using var sessionOptions = CreateOptions(options);
        ProviderSetup.Append(sessionOptions, provider, file);
        if (provider is TensorRtProvider && !TensorRtProvider.HasProfiles(OnnxMetadata.Read(file)))
        {
            LogNoProfiles(logger, file);
        }

        var opened = file;
        try
        {
            opened = provider is CpuProvider && options.OptimizedGraphFolder is { } folder ? FindOptimized(folder, file, logger) : file;
            var memory = HugePages.Watch();
            var graph = new LoadedGraph(new InferenceSession(opened, sessionOptions), provider.Name);
            memory.Apply();
            return graph;
        }
        catch (OnnxRuntimeException e) when (provider is CpuProvider || FileFaults.Any(f => e.Message.Contains(f, StringComparison.Ordinal)))
        {
            throw new ModelFormatException($"ONNX Runtime cannot load the graph: {OneLine.Of(e.Message)} ({opened}).", e);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ExecutionProviderException($"Execution provider '{provider.Name}' cannot load the graph: {OneLine.Of(e.Message)} ({file}); {ProviderSetup.Advise(provider)}.", e);
        }
    }

    // A folder that cannot be written, or a full disk, is no reason not to answer.
    private static string FindOptimized(string folder, string file, ILogger logger)
    {
        try
        {
            return OptimizedGraphs.Get(folder, file);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            LogNotKept(logger, file, folder, e.Message);
            return file;
        }
    }

    private static SessionOptions CreateOptions(PauseModelOptions options)
    {
        _ = NativeRuntime.Environment;
        return new SessionOptions
        {
            // Every error arrives as an exception too; a dynamic pause count would print a warning at each load.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            IntraOpNumThreads = options.IntraOpThreads ?? 0,
        };
    }

    [LoggerMessage(LogLevel.Information, "{File} runs on execution provider '{Provider}' of ONNX Runtime {Version}; keys and values are in the memory '{Memory}'.")]
    private static partial void LogLoaded(ILogger logger, string file, string provider, string version, string memory);

    [LoggerMessage(LogLevel.Warning, "{File} runs on the processor, as its first choice failed. {Reason}")]
    private static partial void LogFallback(ILogger logger, string file, string reason);

    [LoggerMessage(LogLevel.Warning, "{File} is optimized at each load, as it cannot be kept in {Folder}: {Reason}")]
    private static partial void LogNotKept(ILogger logger, string file, string folder, string reason);

    [LoggerMessage(LogLevel.Information, "Only the processor is tried: ONNX Runtime {Version} was built without CUDA, which would need {Package}.")]
    private static partial void LogOnlyProcessor(ILogger logger, string version, string package);

    [LoggerMessage(LogLevel.Warning, "{File} does not say for which lengths TensorRT is to build its engine, which is then built anew, for minutes, whenever a sequence gets longer than any before; export with '--target tensorrt'.")]
    private static partial void LogNoProfiles(ILogger logger, string file);
}
