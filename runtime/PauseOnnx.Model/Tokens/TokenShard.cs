using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PauseOnnx.Model;

/// <summary>One file of ids, memory-mapped.</summary>
/// <remarks>Thread-safe for reading, until <see cref="Dispose"/>.</remarks>
internal sealed class TokenShard : IDisposable
{
    private readonly string _path;
    private readonly int _tokenSize;
    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    /// <summary>Maps a file.</summary>
    /// <param name="path">The file.</param>
    /// <param name="count">Number of ids it should have.</param>
    /// <param name="tokenSize">Bytes of one: 2 or 4.</param>
    /// <exception cref="ModelFormatException">The file is missing or has another size.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public TokenShard(string path, long count, int tokenSize)
    {
        (_path, Count, _tokenSize) = (path, count, tokenSize);
        var file = new FileInfo(path);
        if (!file.Exists)
        {
            throw new ModelFormatException($"The shard is missing; expected {count} tokens, as {TokenDataset.InfoFile} beside it says ({path}).");
        }

        if (file.Length != count * tokenSize)
        {
            throw new ModelFormatException($"The file has {file.Length} bytes; expected {count * tokenSize} for {count} tokens of {tokenSize} bytes ({path}).");
        }

        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, 0, MemoryMappedFileAccess.Read);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>Number of ids.</summary>
    public long Count { get; }

    /// <summary>Copies ids; the caller checks the range.</summary>
    public void Read(long first, Span<int> destination)
    {
        if (_tokenSize == sizeof(uint))
        {
            _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)first * sizeof(uint), destination);
            return;
        }

        var narrow = ArrayPool<ushort>.Shared.Rent(destination.Length);
        _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)first * sizeof(ushort), narrow.AsSpan(0, destination.Length));
        TensorPrimitives.ConvertTruncating<ushort, int>(narrow.AsSpan(0, destination.Length), destination);
        ArrayPool<ushort>.Shared.Return(narrow);
    }

    /// <summary>Reads the file through once and compares ids and checksum.</summary>
    /// <returns>What is wrong, in a sentence; null when all is well.</returns>
    public string? FindFault(string sha256, int vocabSize)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        var bytes = new byte[1 << 20];
        var tokens = bytes.Length / _tokenSize;
        uint largest = 0;
        for (long first = 0; first < Count; first += tokens)
        {
            var count = (int)Math.Min(tokens, Count - first);
            var part = bytes.AsSpan(0, count * _tokenSize);
            _view.SafeMemoryMappedViewHandle.ReadSpan((ulong)(first * _tokenSize), part);
            hash.AppendData(part);
            largest = Math.Max(largest, _tokenSize == sizeof(uint)
                ? TensorPrimitives.Max(MemoryMarshal.Cast<byte, uint>(part))
                : TensorPrimitives.Max(MemoryMarshal.Cast<byte, ushort>(part)));
        }

        var found = Convert.ToHexStringLower(hash.GetHashAndReset());
        return found != sha256
            ? $"The SHA-256 is {found}; expected {sha256} as {TokenDataset.InfoFile} says: the file was changed or is damaged ({_path})."
            : largest >= vocabSize ? $"Id {largest} is among the tokens; expected 0 to {vocabSize - 1} ({_path})." : null;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }
}
