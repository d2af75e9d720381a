namespace PauseOnnx.Model;

/// <summary>One question and its answer, in tokens. Plain text is an answer to no question.</summary>
/// <param name="Prefix">The question; no loss is ever taken on it. Empty for plain text in pretraining.</param>
/// <param name="Work">The worked solution, only seen in pretraining; empty when there is none.</param>
/// <param name="Target">The answer, with the end-of-text token where it ends there.</param>
public sealed record TokenizedExample(int[] Prefix, int[] Work, int[] Target);
