namespace PauseOnnx.Benchmarks;

/// <summary>Evaluation of one model beside transformers.js: what was measured, and beside it what was asked.</summary>
/// <param name="times">What was measured, at least one round each.</param>
/// <param name="agreements">Whether both gave the same answers.</param>
internal sealed class EvaluationTable(IReadOnlyList<EvaluationTimes> times, IReadOnlyList<EvaluationAgreement> agreements)
{
    /// <summary>The batch for which a figure is asked.</summary>
    internal const int AskedBatch = 8;

    private const double Asked = 3;

    /// <summary>Questions a second of both.</summary>
    public IEnumerable<string> Measured()
    {
        var table = new MarkdownTable("task", "batch", "questions", "PauseOnnx, questions/s", "transformers.js", "PauseOnnx against it", "asked", "transformers.js, prompts shared by hand", "PauseOnnx against it");
        foreach (var t in times)
        {
            string Rate(IReadOnlyList<double> seconds) => seconds.Count == 0 ? "" : $"{t.Questions / seconds.Median():F2}";
            table.Add($"{t.Task}, {(t.Sharing.Count == 0 ? "written" : "scored")}", $"{t.BatchSize}", $"{t.Questions}", Rate(t.Ours), Rate(t.Peer), $"{Gain(t):0.00 x}", Verdict(t), Rate(t.Sharing), t.Sharing.Count == 0 ? "" : $"{Gain(t, t.Sharing):0.00 x}");
        }

        return table.Lines;
    }

    /// <summary>What reading memory alone allows where answers are written in batches of <see cref="AskedBatch"/>; nothing where none are.</summary>
    /// <param name="bytesPerToken">Bytes that a decode step must read.</param>
    /// <param name="bandwidth">Bytes a second.</param>
    public IEnumerable<string> WrittenLimit(long bytesPerToken, double bandwidth) => times.Where(t => t.BatchSize == AskedBatch && t.Sharing.Count == 0).Select(t =>
    {
        var (calls, step, asked) = (AnswersCommand.NewTokens - 1, bytesPerToken / bandwidth, Asked * t.Questions / t.Peer.Median());
        var left = (AskedBatch / asked) - (calls * step);
        return $"{t.Task}: after its prompts a batch takes {calls} calls of one token, each of which reads {bytesPerToken / 1e6:F0} MB, in {step * 1e3:F1} ms at the {bandwidth / 1e9:F1} GB/s that memory is read at. Whoever calls this file so answers at most {AskedBatch / (calls * step):F1} questions/s in batches of {AskedBatch}; {Asked:0} x transformers.js, {asked:F1}, {(left > 0 ? $"leaves {left * 1e3:F0} ms for the prompts of a batch" : "is beyond that")}.";
    });

    /// <summary>Whether both gave the same answers, a sentence for each task.</summary>
    public IEnumerable<string> Agreement() => agreements.Select(a =>
        $"{a.Task}: {a.Same} of {a.Questions} answers are the same on both sides{(a.Difference is { } d ? $", the likeliest choice, and no log-likelihood differs by more than {d:0.0e+0}." : ", token for token.")}");

    private static string Verdict(EvaluationTimes t) =>
        t.BatchSize != AskedBatch ? "" : Gain(t) >= Asked ? $">= {Asked:0.00 x}: yes" : $">= {Asked:0.00 x}: missed by {1 - (Gain(t) / Asked):P0}";

    private static double Gain(EvaluationTimes t) => Gain(t, t.Peer);

    // Of each round, as what slows the machine for a while slows both.
    private static double Gain(EvaluationTimes t, IReadOnlyList<double> peer) => t.Ours.Zip(peer, (ours, other) => other / ours).ToArray().Median();
}
