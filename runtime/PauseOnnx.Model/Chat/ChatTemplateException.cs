namespace PauseOnnx.Model.Chat;

/// <summary>
/// A chat template cannot render messages: it refuses them itself, as where roles must alternate, or it computes something
/// that fails.
/// </summary>
/// <param name="message">What is wrong, with the line and column of the template and its file.</param>
/// <param name="innerException">What the evaluation threw.</param>
public sealed class ChatTemplateException(string message, Exception? innerException = null) : Exception(message, innerException);
