using System.Text.RegularExpressions;

namespace PauseOnnx.Runtime;

/// <summary>ONNX Runtime's messages as part of a sentence of ours.</summary>
internal static partial class OneLine
{
    /// <summary>The message without line ends, and without its last full stop.</summary>
    public static string Of(string message) => SourceLocation().Replace(message.ReplaceLineEndings(" "), " ").Trim().TrimEnd('.');

    // ONNX Runtime says in which line of its own code it refused: that helps nobody to mend a file.
    [GeneratedRegex(@" *(\[ErrorCode:\w+\]|[\w/]+\.(cc|h):\d+ (static void )?\S+) +")]
    private static partial Regex SourceLocation();
}
