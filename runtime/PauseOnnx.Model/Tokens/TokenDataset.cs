using System.Globalization;

namespace PauseOnnx.Model;

/// <summary>
/// The token stream of a data folder, memory-mapped: the ids of all documents one after the other, each document ended by
/// the end-of-text token, as little-endian uint16 or uint32 in the shards <c>tokens-00000.bin</c> and on; tokens.json says
/// what they hold. Documents that are never trained on have a stream of their own, <c>held-out-00000.bin</c> and on.
/// </summary>
/// <remarks>Thread-safe for reading, until <see cref="Dispose"/>.</remarks>
public sealed class TokenDataset : IDisposable
{
    /// <summary>Type, number and checksums of the ids, and where they come from.</summary>
    public const string InfoFile = "tokens.json";

    /// <summary>What the names of the shards to train on begin with.</summary>
    public const string TrainingPrefix = "tokens";

    /// <summary>What the names of the shards that are never trained on begin with.</summary>
    public const string HeldOutPrefix = "held-out";

    private readonly TokenShard[] _shards;
    private readonly long[] _starts;

    private TokenDataset(TokenShard[] shards, int vocabSize, string sha256)
    {
        (_shards, VocabSize, Sha256) = (shards, vocabSize, sha256);
        _starts = new long[shards.Length];
        for (var i = 1; i < shards.Length; i++)
        {
            _starts[i] = _starts[i - 1] + shards[i - 1].Count;
        }

        Count = _starts[^1] + shards[^1].Count;
    }

    /// <summary>Number of tokens, the ends of the documents included.</summary>
    public long Count { get; }

    /// <summary>Number of ids of the tokenizer, <c>&lt;pause&gt;</c> included; every token is smaller.</summary>
    public int VocabSize { get; }

    /// <summary>SHA-256 over the shards' checksums in lower-case hexadecimal: the identity of the data.</summary>
    public string Sha256 { get; }

    /// <summary>
    /// Maps the tokens to train on after reading them through once, all shards at a time, to compare sizes, checksums and
    /// ids with tokens.json.
    /// </summary>
    /// <exception cref="ModelFormatException">tokens.json is not valid, or a shard is missing or not what it describes.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TokenDataset Open(string folder)
    {
        var info = TokenDatasetInfo.Read(Path.Combine(folder, InfoFile));
        return Open(Path.Combine(folder, TrainingPrefix), info.Shards, info);
    }

    /// <summary>Maps the held-out tokens, checked in the same way; null when the folder has none.</summary>
    /// <exception cref="ModelFormatException">tokens.json is not valid, or a shard is missing or not what it describes.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TokenDataset? OpenHeldOut(string folder)
    {
        var info = TokenDatasetInfo.Read(Path.Combine(folder, InfoFile));
        return info.HeldOut.Count > 0 ? Open(Path.Combine(folder, HeldOutPrefix), info.HeldOut, info) : null;
    }

    /// <summary>Path of a shard.</summary>
    /// <param name="prefix">Folder and beginning of the names.</param>
    /// <param name="index">From 0.</param>
    public static string ShardPath(string prefix, int index) => $"{prefix}-{index.ToString("00000", CultureInfo.InvariantCulture)}.bin";

    /// <summary>Checks that the tokens can be a tokenizer's.</summary>
    /// <exception cref="ModelFormatException">They are another's.</exception>
    public void CheckTokenizer(Tokenizer tokenizer, string folder)
    {
        if (VocabSize != tokenizer.VocabSize)
        {
            throw new ModelFormatException($"The tokens are of a tokenizer with {VocabSize} ids; expected {tokenizer.VocabSize}, as the model has: prepare the text with the model's tokenizer ({folder}).");
        }
    }

    /// <summary>Copies tokens from <paramref name="first"/> on until <paramref name="destination"/> is full.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The dataset does not hold all of them.</exception>
    public void Read(long first, Span<int> destination)
    {
        if (first < 0 || first > Count - destination.Length)
        {
            throw new ArgumentOutOfRangeException(nameof(first), first, $"{destination.Length} tokens from there are not all among the {Count} of the dataset.");
        }

        var index = Array.BinarySearch(_starts, first);
        for (var i = index >= 0 ? index : ~index - 1; destination.Length > 0; i++)
        {
            var inShard = first - _starts[i];
            var part = destination[..(int)Math.Min(destination.Length, _shards[i].Count - inShard)];
            _shards[i].Read(inShard, part);
            first += part.Length;
            destination = destination[part.Length..];
        }
    }

    /// <inheritdoc/>
    public void Dispose() => Array.ForEach(_shards, s => s.Dispose());

    private static TokenDataset Open(string prefix, IReadOnlyList<ShardInfo> infos, TokenDatasetInfo info)
    {
        var shards = new TokenShard?[infos.Count];
        try
        {
            for (var i = 0; i < shards.Length; i++)
            {
                shards[i] = new TokenShard(ShardPath(prefix, i), infos[i].Count, info.TokenSize);
            }

            // The first fault in order, so that the message does not depend on the threads.
            var faults = new string?[shards.Length];
            Parallel.For(0, shards.Length, i => faults[i] = shards[i]!.FindFault(infos[i].Sha256, info.VocabSize));
            return Array.Find(faults, f => f is not null) is { } fault
                ? throw new ModelFormatException(fault)
                : new TokenDataset(shards!, info.VocabSize, TokenDatasetInfo.Identify(infos));
        }
        catch
        {
            Array.ForEach(shards, s => s?.Dispose());
            throw;
        }
    }
}
