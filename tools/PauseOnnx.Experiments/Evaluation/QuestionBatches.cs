namespace PauseOnnx.Experiments;

/// <summary>
/// Puts questions of like length together, the longest first, so that little is padding and memory is bounded; but those that
/// begin alike beside each other, as the runtime computes what prompts of a batch share only once.
/// </summary>
/// <param name="batchSize">Most questions of a batch.</param>
/// <param name="pauseCount">Pauses of each question that its ids do not hold.</param>
/// <param name="maxNewTokens">Longest written answer.</param>
/// <param name="vocabSize">V.</param>
internal sealed class QuestionBatches(int batchSize, int pauseCount, int maxNewTokens, int vocabSize)
{
    // Positions with keys and values: 400 MB for a model of 12 layers of 768, with as many key heads as heads.
    private const long MaxPositions = 1 << 14;

    // Pairs of positions, which attention has a number for in each head: 400 MB for 12 heads.
    private const long MaxPairs = 1 << 23;

    // Logits after the tokens of choices: 256 MB.
    private const long MaxLogits = 1 << 26;

    /// <summary>Batches of at least one question each, which together are all questions.</summary>
    public IEnumerable<IReadOnlyList<TokenizedQuestion>> Of(IEnumerable<TokenizedQuestion> questions)
    {
        var batch = new List<TokenizedQuestion>();
        var (rows, longest, longestChoice) = (0L, 0L, 0L);
        foreach (var question in FamiliesOf(questions).OrderByDescending(f => f.Max(q => q.Prompt.Length)).SelectMany(f => f.OrderByDescending(q => q.Prompt.Length).ThenByDescending(q => q.LongestChoice)))
        {
            rows += question.Rows;
            longest = Math.Max(longest, LengthOf(question));
            longestChoice = Math.Max(longestChoice, question.LongestChoice);
            if (batch.Count > 0 && (batch.Count == batchSize || IsTooMuch(batch.Count + 1, rows, longest, longestChoice)))
            {
                yield return batch;
                batch = [];
                (rows, longest, longestChoice) = (question.Rows, LengthOf(question), question.LongestChoice);
            }

            batch.Add(question);
        }

        if (batch.Count > 0)
        {
            yield return batch;
        }
    }

    // Questions about one paragraph have at least half of their prompts in common; in the order of a dictionary they are neighbours.
    private static List<List<TokenizedQuestion>> FamiliesOf(IEnumerable<TokenizedQuestion> questions)
    {
        var families = new List<List<TokenizedQuestion>>();
        foreach (var question in questions.Order(Comparer<TokenizedQuestion>.Create((a, b) => a.Prompt.AsSpan().SequenceCompareTo(b.Prompt))))
        {
            if (families.Count > 0 && 2 * families[^1][0].Prompt.AsSpan().CommonPrefixLength(question.Prompt) >= question.Prompt.Length)
            {
                families[^1].Add(question);
            }
            else
            {
                families.Add([question]);
            }
        }

        return families;
    }

    private int LengthOf(TokenizedQuestion question) =>
        question.Prompt.Length + pauseCount + Math.Max(question.IsWritten ? maxNewTokens : 0, question.LongestChoice);

    // Prompts that choices share are computed once, so only their keys and values are there for each.
    private bool IsTooMuch(long count, long rows, long length, long choiceLength) =>
        rows * length > MaxPositions || count * length * length > MaxPairs || rows * choiceLength * vocabSize > MaxLogits;
}
