namespace PauseOnnx.Runtime;

/// <summary>Whether a model can take a batch of prompts.</summary>
internal static class PromptChecks
{
    /// <summary>Throws one exception for all faults of all prompts.</summary>
    /// <exception cref="ArgumentException">There is no prompt, or one is empty, too long or holds an unknown id.</exception>
    public static void ThrowIfAny(IReadOnlyList<int[]> prompts, DecoderSession session, int pauseCount)
    {
        string[] faults = prompts.Count == 0
            ? ["There is no prompt; expected at least one"]
            : [.. prompts.SelectMany((p, i) => FindFaults(p, prompts.Count == 1 ? "The prompt" : $"Prompt {i + 1} of {prompts.Count}", session, pauseCount))];
        if (faults.Length > 0)
        {
            throw new ArgumentException(string.Join("; ", faults) + ".");
        }
    }

    private static IEnumerable<string> FindFaults(int[] prompt, string name, DecoderSession session, int pauseCount)
    {
        if (prompt.Length == 0)
        {
            yield return $"{name} is empty; expected at least one token";
        }

        if (prompt.Length + pauseCount > session.MaxLength)
        {
            yield return $"{name} has {prompt.Length} tokens, with {pauseCount} pauses {prompt.Length + pauseCount}; expected at most {session.MaxLength}, the model's context";
        }

        if (prompt.Any(id => id < 0 || id >= session.Config.VocabSize))
        {
            yield return $"{name} holds the id {prompt.First(id => id < 0 || id >= session.Config.VocabSize)}; expected ids from 0 to {session.Config.VocabSize - 1}";
        }
    }
}
