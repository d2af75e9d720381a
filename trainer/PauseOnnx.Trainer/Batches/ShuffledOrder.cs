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

/// <summary>Random numbers that depend on a seed and a step alone, so that no generator's state has to be saved.</summary>
internal static class StepRandom
{
    /// <summary>The generator of one step.</summary>
    public static Random Create(int seed, long step)
    {
        // The finalizer of SplitMix64: neighbouring steps get unrelated seeds.
        var mixed = unchecked(((ulong)(uint)seed << 32) + ((ulong)step * 0x9e3779b97f4a7c15));
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94d049bb133111eb);
        return new Random((int)(mixed ^ (mixed >> 31)));
    }
}
