using PauseOnnx.Model;

namespace PauseOnnx.Tests.Support;

/// <summary>Reference cases from <see cref="PlainTransformer"/>, so that an export is proven without a trainer.</summary>
internal static class PlainReference
{
    /// <summary>Decode steps of each case.</summary>
    public const int Steps = 5;

    /// <summary>For each pause count a single prompt, <c>single.mN</c>, and three of unequal length, <c>padded.mN</c>.</summary>
    public static IReadOnlyList<ReferenceCase> Cases(string checkpoint, params int[] pauseCounts)
    {
        var plain = new PlainTransformer(checkpoint);
        var config = ModelConfigJson.Read(Path.Combine(checkpoint, FileNames.Config));
        var random = new Random(7);
        int[] Ids(int count) => [.. Enumerable.Range(0, count).Select(_ => random.Next(config.OrdinaryVocabSize))];
        return [.. pauseCounts.SelectMany(m => new[]
        {
            Case(plain, config, $"single.m{m}", m, [Ids(6)], [Ids(Steps)]),
            Case(plain, config, $"padded.m{m}", m, [Ids(3), Ids(7), Ids(1)], [Ids(Steps), Ids(Steps), Ids(Steps)]),
        })];
    }

    private static ReferenceCase Case(PlainTransformer plain, ModelConfig config, string name, int pauseCount, int[][] prompts, int[][] next)
    {
        var length = prompts.Max(p => p.Length);
        var logits = prompts.Zip(next, (prompt, ids) => Logits(plain, config, prompt, pauseCount, ids));
        return new ReferenceCase(
            name,
            pauseCount,
            prompts.Length,
            [.. prompts.SelectMany(p => Enumerable.Repeat(0L, length - p.Length).Concat(p.Select(i => (long)i)))],
            [.. prompts.SelectMany(p => Enumerable.Repeat(0L, length - p.Length).Concat(p.Select(_ => 1L)))],
            [.. next.SelectMany(ids => ids.Select(i => (long)i))],
            [.. logits.SelectMany(rows => rows.SelectMany(row => row.Select(x => (float)x)))]);
    }

    private static double[][] Logits(PlainTransformer plain, ModelConfig config, int[] prompt, int pauseCount, int[] next) => config.Pause is null
        ? plain.Logits([.. prompt, .. next])[(prompt.Length - 1)..]
        : plain.DelayedLogits(prompt, pauseCount, next);
}
