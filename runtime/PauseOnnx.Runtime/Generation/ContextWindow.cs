namespace PauseOnnx.Runtime;

/// <summary>What of a sequence stays when the context slides.</summary>
internal static class ContextWindow
{
    /// <summary>The newer half of the context, room for pauses left out.</summary>
    /// <param name="prompt">Ids of the prompt.</param>
    /// <param name="produced">Ids of the answer so far.</param>
    /// <param name="maxLength">Positions of the context.</param>
    /// <param name="pauseCount">Pauses that will follow.</param>
    /// <returns>At least one id.</returns>
    public static int[] KeptAfterSlide(ReadOnlySpan<int> prompt, ReadOnlySpan<int> produced, int maxLength, int pauseCount)
    {
        int[] all = [.. prompt, .. produced];
        return all[^Math.Min(Math.Max((maxLength - pauseCount) / 2, 1), all.Length)..];
    }
}
