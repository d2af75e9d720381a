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

/// <summary>How long a task took, by round.</summary>
/// <param name="Task">Its name.</param>
/// <param name="Questions">How many were answered.</param>
/// <param name="BatchSize">Most of them answered together.</param>
/// <param name="Ours">Seconds.</param>
/// <param name="Peer">Seconds of the peer, which computes a prompt for each choice.</param>
/// <param name="Sharing">Seconds of the peer where it computes a prompt once for all choices; empty where there are none.</param>
internal sealed record EvaluationTimes(string Task, int Questions, int BatchSize, IReadOnlyList<double> Ours, IReadOnlyList<double> Peer, IReadOnlyList<double> Sharing);

/// <summary>Whether both gave the same answers.</summary>
/// <param name="Task">Name of the task.</param>
/// <param name="Questions">How many were compared.</param>
/// <param name="Same">Of how many the answer is the same: every token of what was written, or the likeliest choice.</param>
/// <param name="Difference">Largest difference of a log-likelihood; null where answers are written.</param>
internal sealed record EvaluationAgreement(string Task, int Questions, int Same, double? Difference)
{
    /// <summary>Compares.</summary>
    public static EvaluationAgreement Of(string task, EvaluationReply ours, EvaluationReply peer)
    {
        static int Best(double[] likelihoods) => Array.IndexOf(likelihoods, likelihoods.Max());
        var hasChoices = ours.LogLikelihoods.Any(l => l.Length > 0);
        return hasChoices
            ? new(
                task,
                ours.LogLikelihoods.Length,
                ours.LogLikelihoods.Zip(peer.LogLikelihoods).Count(p => Best(p.First) == Best(p.Second)),
                ours.LogLikelihoods.Zip(peer.LogLikelihoods).SelectMany(p => p.First.Zip(p.Second)).Max(p => Math.Abs(p.First - p.Second)))
            : new(task, ours.Ids.Length, ours.Ids.Zip(peer.Ids).Count(p => p.First.SequenceEqual(p.Second)), null);
    }
}
