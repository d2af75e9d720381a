namespace PauseOnnx.Trainer;

/// <summary>
/// Cuts text before each space that follows no white space. No token of the usual pre-tokenizers begins before such a space
/// and goes on behind it, so that each part can be looked up, or counted, on its own.
/// </summary>
internal static class WordCuts
{
    /// <summary>The next cut.</summary>
    /// <param name="text">The text.</param>
    /// <param name="start">Where the current part begins.</param>
    /// <returns>Where it ends.</returns>
    public static int Next(ReadOnlySpan<char> text, int start)
    {
        for (var i = start + 1; i < text.Length; i++)
        {
            var found = text[i..].IndexOf(' ');
            if (found < 0)
            {
                break;
            }

            i += found;
            if (!char.IsWhiteSpace(text[i - 1]))
            {
                return i;
            }
        }

        return text.Length;
    }
}
