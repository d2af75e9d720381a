namespace PauseOnnx.CommandLine;

/// <summary>The user pressed Ctrl-C, and the command has something to say about what it left.</summary>
/// <param name="message">What is whole, and how to go on.</param>
public sealed class CommandCancelledException(string message) : OperationCanceledException(message);
