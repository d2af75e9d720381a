namespace PauseOnnx.Exporter;

/// <summary>A checkpoint is in order and still could not be exported, or its export could not be proven.</summary>
/// <param name="stage">The pass or stage that failed, such as <c>ConstantFolding</c> or <c>proof</c>.</param>
/// <param name="message">What was found and what was expected, in one line.</param>
/// <param name="innerException">The cause, where there was one.</param>
public sealed class ExportException(string stage, string message, Exception? innerException = null)
    : Exception($"Export failed in {stage}: {message}", innerException)
{
    /// <summary>The pass or stage that failed.</summary>
    public string Stage { get; } = stage;
}
