namespace PauseOnnx.Trainer;

/// <summary>Random numbers that depend on a seed and a step alone, so that no generator's state has to be saved.</summary>
internal static class StepRandom
{
    /// <summary>The generator of one step.</summary>
    public static Random Create(int seed, long step) => new((int)Mix(seed, step));

    /// <summary>A number that looks random: the finalizer of SplitMix64, so that neighbouring steps get unrelated ones.</summary>
    public static ulong Mix(int seed, long step)
    {
        var mixed = unchecked(((ulong)(uint)seed << 32) + ((ulong)step * 0x9e3779b97f4a7c15));
        mixed = unchecked((mixed ^ (mixed >> 30)) * 0xbf58476d1ce4e5b9);
        mixed = unchecked((mixed ^ (mixed >> 27)) * 0x94d049bb133111eb);
        return mixed ^ (mixed >> 31);
    }
}
