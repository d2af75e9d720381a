using System.Text.RegularExpressions;
using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>Opens a graph on an execution provider: the one place that knows which there are.</summary>
internal static partial class SessionFactory
{
    /// <summary>Loads a graph with its weights.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An option is out of range.</exception>
    /// <exception cref="ModelFormatException">ONNX Runtime refuses the file, or the file of its weights.</exception>
    public static InferenceSession Create(string file, PauseModelOptions options)
    {
        using var sessionOptions = CreateOptions(options);
        try
        {
            return new InferenceSession(file, sessionOptions);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ModelFormatException($"ONNX Runtime cannot load the graph: {OneLine(e.Message)} ({file}).", e);
        }
    }

    private static SessionOptions CreateOptions(PauseModelOptions options)
    {
        if (options.IntraOpThreads is < 1)
        {
            throw new ArgumentOutOfRangeException(nameof(options), $"IntraOpThreads is {options.IntraOpThreads}; expected at least 1, or null.");
        }

        if (options.ExecutionProvider != ExecutionProvider.Cpu)
        {
            throw new ArgumentOutOfRangeException(nameof(options), $"ExecutionProvider is {options.ExecutionProvider}; expected Cpu.");
        }

        return new SessionOptions
        {
            // Every error arrives as an exception too; a dynamic pause count would print a warning at each load.
            LogSeverityLevel = OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL,
            IntraOpNumThreads = options.IntraOpThreads ?? 0,
        };
    }

    private static string OneLine(string message) => SourceLocation().Replace(message.ReplaceLineEndings(" "), " ").Trim().TrimEnd('.');

    // ONNX Runtime says in which line of its own code it refused: that helps nobody to mend a file.
    [GeneratedRegex(@" *(\[ErrorCode:\w+\]|[\w/]+\.(cc|h):\d+ (static void )?\S+) +")]
    private static partial Regex SourceLocation();
}
