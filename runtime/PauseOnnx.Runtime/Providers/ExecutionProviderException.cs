namespace PauseOnnx.Runtime;

/// <summary>An execution provider that was asked for is not there, or cannot do its work on this machine.</summary>
/// <param name="message">Which one, why, and which package or property brings it, in one line.</param>
/// <param name="innerException">ONNX Runtime's own exception, where there was one.</param>
public sealed class ExecutionProviderException(string message, Exception? innerException = null) : Exception(message, innerException);
