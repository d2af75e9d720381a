namespace PauseOnnx.Trainer;

/// <summary>Passes over data in an order that is drawn anew for each pass.</summary>
/// <remarks>For one thread.</remarks>
/// <param name="count">Number of examples.</param>
/// <param name="seed">The same seed gives the same orders.</param>
internal sealed class ShuffledOrder(int count, int seed)
{
    private int[] _order = [];
    private long _pass = -1;

    /// <summary>Index of the example whose turn it is.</summary>
    /// <param name="number">Examples taken before, in all passes.</param>
    public int this[long number]
    {
        get
        {
            if (number / count != _pass)
            {
                _pass = number / count;
                _order = [.. Enumerable.Range(0, count)];
                StepRandom.Create(~seed, _pass).Shuffle(_order);
            }

            return _order[number % count];
        }
    }
}
