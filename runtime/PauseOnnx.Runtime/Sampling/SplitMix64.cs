namespace PauseOnnx.Runtime;

/// <summary>Random numbers that are the same on every machine and .NET version.</summary>
/// <remarks>See <see href="https://doi.org/10.1145/2714064.2660195">Steele, Lea and Flood, Fast splittable pseudorandom number generators</see>.</remarks>
/// <param name="seed">Chooses the numbers.</param>
/// <param name="stream">Chooses among independent sequences of numbers of one seed.</param>
internal struct SplitMix64(int seed, int stream)
{
    private ulong _state = Mix(((ulong)(uint)seed << 32) | (uint)stream);

    /// <summary>The next number, uniform in [0, 1), in steps of 2^-53.</summary>
    public double NextDouble()
    {
        _state += 0x9E3779B97F4A7C15;
        return (Mix(_state) >> 11) * (1.0 / (1UL << 53));
    }

    private static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
