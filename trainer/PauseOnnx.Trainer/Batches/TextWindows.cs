namespace PauseOnnx.Trainer;

/// <summary>
/// Plain text in pieces of equal length, side by side, in an order drawn anew for each pass over the text. Each pass begins
/// at another token, so that the cuts fall elsewhere.
/// </summary>
/// <remarks>For one thread.</remarks>
internal sealed class TextWindows
{
    private readonly TrainingData _data;
    private readonly int _length;
    private readonly int _seed;
    private readonly int _count;
    private readonly ShuffledOrder _order;

    /// <summary>Cuts a text.</summary>
    /// <param name="data">Plain text.</param>
    /// <param name="length">Tokens of a piece; a shorter text is one piece.</param>
    /// <param name="seed">The same seed gives the same pieces.</param>
    public TextWindows(TrainingData data, int length, int seed)
    {
        (_data, _length, _seed) = (data, (int)Math.Min(length, data.TokenCount), seed);
        // Less one, to leave room for where a pass begins.
        _count = (int)Math.Clamp((data.TokenCount / _length) - 1, 1, int.MaxValue);
        _order = new ShuffledOrder(_count, seed);
    }

    /// <summary>The piece whose turn it is.</summary>
    /// <param name="number">Pieces taken before, in all passes.</param>
    public (long Start, int[] Tokens) this[long number]
    {
        get
        {
            var room = _data.TokenCount - ((long)_count * _length);
            var begin = StepRandom.Create(_seed ^ int.MinValue, number / _count).NextInt64(room + 1);
            var start = begin + ((long)_order[number] * _length);
            var tokens = new int[_length];
            _data.ReadTokens(start, tokens);
            return (start, tokens);
        }
    }
}
