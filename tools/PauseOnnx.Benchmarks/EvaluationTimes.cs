namespace PauseOnnx.Benchmarks;

/// <summary>Questions of a task to be answered.</summary>
/// <param name="Task">Its name.</param>
/// <param name="Questions">How many of them, from the first on.</param>
/// <param name="BatchSize">Most of them answered together.</param>
/// <param name="SharesPrompts">Whether the peer, too, computes a prompt once for all choices; we always do.</param>
/// <param name="TellsAnswers">Whether we are to tell the answers instead of the time; the peer always tells both.</param>
internal sealed record EvaluationRequest(string Task, int Questions, int BatchSize, bool SharesPrompts = false, bool TellsAnswers = false);

/// <summary>What came of it.</summary>
/// <param name="Seconds">From texts to answers, tokenizing included.</param>
/// <param name="Ids">Of each question in the order of the file, what was written; empty where nothing was to be.</param>
/// <param name="LogLikelihoods">Of each question, those of its choices; empty where there are none.</param>
internal sealed record EvaluationReply(double Seconds, int[][] Ids, double[][] LogLikelihoods);
