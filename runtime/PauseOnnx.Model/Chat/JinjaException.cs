namespace PauseOnnx.Model.Chat;

/// <summary>A template cannot be read or evaluated; <see cref="ChatTemplate"/> says so with the place in the file.</summary>
/// <param name="message">What was found and what is expected, without a full stop.</param>
/// <param name="position">Index in the template's text.</param>
internal sealed class JinjaException(string message, int position) : Exception(message)
{
    /// <summary>Index in the template's text.</summary>
    public int Position => position;
}
