namespace PauseOnnx.Runtime;

/// <summary>
/// Splits rows of several lengths into calls. All rows of a call are filled up to its longest, so few calls compute much that
/// nobody reads; but each call reads all weights, so many calls wait for memory.
/// </summary>
internal static class LikeLengths
{
    /// <summary>
    /// Positions that a processor computes while it reads the weights once, about: 29 for 14M parameters and 36 for 130M in
    /// float32, on two cores with AVX-512.
    /// </summary>
    internal const int CallCost = 32;

    // Logits of 32 rows of 64 tokens are 260 MB for a vocabulary of 32,000.
    private const int MaxRows = 32;

    /// <summary>The split that costs least.</summary>
    /// <param name="lengths">Tokens of each row, at least 1.</param>
    /// <param name="isStepwise">Whether a call takes one token a row, so that the weights are read for every token.</param>
    /// <returns>Indices of the rows of each call, the shortest rows first.</returns>
    public static IReadOnlyList<int[]> Split(IReadOnlyList<int> lengths, bool isStepwise)
    {
        int[] order = [.. Enumerable.Range(0, lengths.Count).OrderBy(i => lengths[i])];

        // least[n]: what the n shortest rows cost at least; begins[n]: where the last call begins that they need.
        var (least, begins) = (new long[order.Length + 1], new int[order.Length + 1]);
        for (var n = 1; n <= order.Length; n++)
        {
            var longest = lengths[order[n - 1]];
            (least[n], begins[n]) = Enumerable.Range(1, Math.Min(n, MaxRows))
                .Select(rows => (least[n - rows] + ((long)rows * longest) + (CallCost * (isStepwise ? longest : 1)), n - rows)).Min();
        }

        var calls = new Stack<int[]>();
        for (var end = order.Length; end > 0; end = begins[end])
        {
            calls.Push(order[begins[end]..end]);
        }

        return [.. calls];
    }
}
