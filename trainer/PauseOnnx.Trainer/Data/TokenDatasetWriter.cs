using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>Where a <see cref="TokenDatasetWriter"/> stands: enough to go on after a kill.</summary>
/// <param name="Training">The shards to train on.</param>
/// <param name="HeldOut">The shards that are never trained on.</param>
/// <param name="IsHeldOut">Where the current document goes.</param>
/// <param name="HasTokens">Whether the current document has any.</param>
internal sealed record TokenDatasetPosition(ShardPosition Training, ShardPosition HeldOut, bool IsHeldOut, bool HasTokens)
{
    /// <summary>The beginning.</summary>
    public static TokenDatasetPosition Start { get; } = new(ShardPosition.Start, ShardPosition.Start, IsHeldOut: false, HasTokens: false);
}

/// <summary>Writes the shards of a data folder as the tokens come and tokens.json at the end.</summary>
internal sealed class TokenDatasetWriter : IDisposable
{
    /// <summary>Tokens of a full shard where the user names no number: 200 MB of uint16.</summary>
    public const int DefaultShardTokens = 100_000_000;

    private readonly string _folder;
    private readonly int _vocabSize;
    private readonly int _eosId;
    private readonly ShardWriter _training;
    private readonly ShardWriter _heldOut;
    private bool _isHeldOut;
    private bool _hasTokens;

    /// <summary>Starts a dataset, or goes on with one.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="vocabSize">Number of ids of the tokenizer, <c>&lt;pause&gt;</c> included.</param>
    /// <param name="eosId">The end-of-text token, which ends each document.</param>
    /// <param name="shardTokens">Tokens of a full shard.</param>
    /// <param name="position">Where to go on; null to start.</param>
    /// <exception cref="IOException">A file cannot be written, or is not what the position says.</exception>
    public TokenDatasetWriter(string folder, int vocabSize, int eosId, int shardTokens = DefaultShardTokens, TokenDatasetPosition? position = null)
    {
        position ??= TokenDatasetPosition.Start;
        (_folder, _vocabSize, _eosId, _isHeldOut, _hasTokens) = (folder, vocabSize, eosId, position.IsHeldOut, position.HasTokens);
        _training = new ShardWriter(Path.Combine(folder, TokenDataset.TrainingPrefix), vocabSize, shardTokens, position.Training);
        _heldOut = new ShardWriter(Path.Combine(folder, TokenDataset.HeldOutPrefix), vocabSize, shardTokens, position.HeldOut);
    }

    /// <summary>Where the writer stands.</summary>
    public TokenDatasetPosition Position => new(_training.Position, _heldOut.Position, _isHeldOut, _hasTokens);

    private ShardWriter Current => _isHeldOut ? _heldOut : _training;

    /// <summary>Says where the document that follows goes; without it, to where the last one went.</summary>
    public void StartDocument(bool isHeldOut) => _isHeldOut = isHeldOut;

    /// <summary>Appends tokens to the current document.</summary>
    public void Write(ReadOnlySpan<int> ids)
    {
        Current.Write(ids);
        _hasTokens |= ids.Length > 0;
    }

    /// <summary>Ends the current document; one without tokens leaves no trace.</summary>
    public void EndDocument()
    {
        if (_hasTokens)
        {
            Current.Write([_eosId]);
            Current.EndDocument();
            _hasTokens = false;
        }
    }

    /// <summary>Hands everything written to the disk.</summary>
    public void Flush()
    {
        _training.Flush();
        _heldOut.Flush();
    }

    /// <summary>Ends the last shards and writes tokens.json.</summary>
    /// <param name="sources">The paths that were prepared.</param>
    /// <param name="textBytes">Size of the text in bytes of UTF-8.</param>
    /// <param name="heldOutFraction">The part of the documents that was to be held out.</param>
    public TokenDatasetInfo Finish(IReadOnlyList<string> sources, long textBytes, double heldOutFraction = 0)
    {
        var info = new TokenDatasetInfo
        {
            VocabSize = _vocabSize,
            Shards = _training.Finish(),
            HeldOut = _heldOut.Finish(),
            HeldOutFraction = heldOutFraction,
            Sources = sources,
            TextBytes = textBytes,
        };
        info.Write(Path.Combine(_folder, TokenDataset.InfoFile));
        return info;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _training.Dispose();
        _heldOut.Dispose();
    }
}
