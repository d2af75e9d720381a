using System.Buffers;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>Where a <see cref="ShardWriter"/> stands: enough to go on after a kill.</summary>
/// <param name="Shards">The finished shards.</param>
/// <param name="Count">Tokens in the shard being written.</param>
/// <param name="Documents">Documents that ended in it.</param>
internal sealed record ShardPosition(IReadOnlyList<ShardInfo> Shards, long Count, long Documents)
{
    /// <summary>The beginning.</summary>
    public static ShardPosition Start { get; } = new([], 0, 0);

    /// <summary>Tokens in all shards.</summary>
    public long TotalCount => Shards.Sum(s => s.Count) + Count;

    /// <summary>Documents in all shards.</summary>
    public long TotalDocuments => Shards.Sum(s => s.Documents) + Documents;
}

/// <summary>Writes a stream of tokens into files of equal length; nothing is kept in memory.</summary>
internal sealed class ShardWriter : IDisposable
{
    private const int BufferSize = 1 << 20;

    private readonly string _prefix;
    private readonly int _tokenSize;
    private readonly long _shardTokens;
    private readonly List<ShardInfo> _finished;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly ArrayBufferWriter<byte> _pending = new(BufferSize);
    private FileStream? _stream;
    private long _count;
    private long _documents;

    /// <summary>Starts, or goes on where an earlier writer stood.</summary>
    /// <param name="prefix">Folder and beginning of the names: <c>tokens</c> for <c>tokens-00000.bin</c>.</param>
    /// <param name="vocabSize">Number of ids of the tokenizer, which decides on the size of a token.</param>
    /// <param name="shardTokens">Tokens of a full shard.</param>
    /// <param name="position">Where to go on; whatever the current file holds beyond it is cut off.</param>
    /// <exception cref="IOException">The current file is missing or shorter than the position says.</exception>
    public ShardWriter(string prefix, int vocabSize, long shardTokens, ShardPosition position)
    {
        (_prefix, _tokenSize, _shardTokens) = (prefix, TokenDatasetInfo.TokenSizeFor(vocabSize), shardTokens);
        (_finished, _count, _documents) = ([.. position.Shards], position.Count, position.Documents);
        if (_count > 0)
        {
            Reopen();
        }
    }

    /// <summary>Where the writer stands; the files hold all of it after <see cref="Flush"/>.</summary>
    public ShardPosition Position => new([.. _finished], _count, _documents);

    /// <summary>Appends tokens.</summary>
    public void Write(ReadOnlySpan<int> ids)
    {
        while (ids.Length > 0)
        {
            if (_count == _shardTokens)
            {
                FinishShard();
            }

            _stream ??= Open(FileMode.Create);
            var part = ids[..(int)Math.Min(ids.Length, _shardTokens - _count)];
            Append(part);
            if (_pending.WrittenCount >= BufferSize)
            {
                WritePending();
            }

            _count += part.Length;
            ids = ids[part.Length..];
        }
    }

    /// <summary>Counts a document that ends with the last token written.</summary>
    public void EndDocument() => _documents++;

    /// <summary>Hands everything written to the disk.</summary>
    /// <exception cref="IOException">The disk is full or fails.</exception>
    public void Flush()
    {
        WritePending();
        _stream?.Flush(flushToDisk: true);
    }

    /// <summary>Ends the last shard and returns all of them.</summary>
    public IReadOnlyList<ShardInfo> Finish()
    {
        if (_count > 0)
        {
            FinishShard();
        }

        return _finished;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream?.Dispose();
        _hash.Dispose();
    }

    // The buffer is ours: a stream with one of its own writes it once more when it is disposed after a failure.
    private FileStream Open(FileMode mode) =>
        new(TokenDataset.ShardPath(_prefix, _finished.Count), mode, FileAccess.ReadWrite, FileShare.Read, bufferSize: 0);

    private void FinishShard()
    {
        Flush();
        _stream!.Dispose();
        _stream = null;
        _finished.Add(new ShardInfo(_count, _documents, Convert.ToHexStringLower(_hash.GetHashAndReset())));
        (_count, _documents) = (0, 0);
    }

    private void Reopen()
    {
        _stream = Open(FileMode.Open);
        var buffer = new byte[1 << 20];
        for (var left = _count * _tokenSize; left > 0;)
        {
            var part = buffer.AsSpan(0, (int)Math.Min(left, buffer.Length));
            _stream.ReadExactly(part);
            _hash.AppendData(part);
            left -= part.Length;
        }

        _stream.SetLength(_stream.Position);
    }

    private void Append(ReadOnlySpan<int> ids)
    {
        if (_tokenSize == sizeof(uint))
        {
            _pending.Write(MemoryMarshal.AsBytes(ids));
            return;
        }

        var bytes = ids.Length * sizeof(ushort);
        var narrow = MemoryMarshal.Cast<byte, ushort>(_pending.GetSpan(bytes));
        for (var i = 0; i < ids.Length; i++)
        {
            narrow[i] = checked((ushort)ids[i]);
        }

        _pending.Advance(bytes);
    }

    private void WritePending()
    {
        try
        {
            _hash.AppendData(_pending.WrittenSpan);
            _stream?.Write(_pending.WrittenSpan);
            _pending.ResetWrittenCount();
        }
        catch (Exception e) when (e is IOException or ArgumentOutOfRangeException)
        {
            // A limit on the size of files comes as the latter.
            throw new IOException($"Cannot write '{_stream!.Name}': {e.Message}", e);
        }
    }
}
