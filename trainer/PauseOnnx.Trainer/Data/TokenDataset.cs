using System.Buffers;
using System.IO.MemoryMappedFiles;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>
/// The token stream of a data folder, memory-mapped: tokens.bin holds the ids of all documents one after the other, each
/// document ended by the end-of-text token, as little-endian uint16 or uint32; tokens.json says which.
/// </summary>
/// <remarks>Thread-safe for reading, until <see cref="Dispose"/>.</remarks>
public sealed class TokenDataset : IDisposable
{
    /// <summary>The ids.</summary>
    public const string TokensFile = "tokens.bin";

    /// <summary>Type, number and checksum of the ids, and where they come from.</summary>
    public const string InfoFile = "tokens.json";

    private readonly MemoryMappedFile _map;
    private readonly MemoryMappedViewAccessor _view;

    private TokenDataset(string path, TokenDatasetInfo info)
    {
        Info = info;
        _map = MemoryMappedFile.CreateFromFile(path, FileMode.Open, mapName: null, 0, MemoryMappedFileAccess.Read);
        _view = _map.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
    }

    /// <summary>Number of tokens, the ends of the documents included.</summary>
    public long Count => Info.Count;

    /// <summary>Number of ids of the tokenizer, <c>&lt;pause&gt;</c> included; every token is smaller.</summary>
    public int VocabSize => Info.VocabSize;

    /// <summary>SHA-256 of tokens.bin in lower-case hexadecimal: the identity of the data.</summary>
    public string Sha256 => Info.Sha256;

    private TokenDatasetInfo Info { get; }

    /// <summary>Maps the tokens of a folder after reading them through, to compare size, checksum and ids with tokens.json.</summary>
    /// <exception cref="ModelFormatException">tokens.json is not valid, or tokens.bin is not what it describes.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static TokenDataset Open(string folder)
    {
        var info = TokenDatasetInfo.Read(Path.Combine(folder, InfoFile));
        var path = Path.Combine(folder, TokensFile);
        var length = new FileInfo(path).Length;
        if (length != info.Count * info.TokenSize)
        {
            throw new ModelFormatException($"The file has {length} bytes; expected {info.Count * info.TokenSize} for {info.Count} tokens of {info.TokenSize} bytes ({path}).");
        }

        var dataset = new TokenDataset(path, info);
        try
        {
            dataset.CheckContents(path);
            return dataset;
        }
        catch
        {
            dataset.Dispose();
            throw;
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

        var bytes = _view.SafeMemoryMappedViewHandle;
        if (Info.TokenSize == sizeof(uint))
        {
            bytes.ReadSpan((ulong)first * sizeof(uint), destination);
            return;
        }

        var narrow = ArrayPool<ushort>.Shared.Rent(destination.Length);
        bytes.ReadSpan((ulong)first * sizeof(ushort), narrow.AsSpan(0, destination.Length));
        TensorPrimitives.ConvertTruncating<ushort, int>(narrow.AsSpan(0, destination.Length), destination);
        ArrayPool<ushort>.Shared.Return(narrow);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _view.Dispose();
        _map.Dispose();
    }

    private void CheckContents(string path)
    {
        var buffer = new int[1 << 18];
        for (long first = 0; first < Count; first += buffer.Length)
        {
            var tokens = buffer.AsSpan(0, (int)Math.Min(buffer.Length, Count - first));
            Read(first, tokens);
            var largest = TensorPrimitives.Max<uint>(MemoryMarshal.Cast<int, uint>(tokens));
            if (largest >= VocabSize)
            {
                throw new ModelFormatException($"Id {largest} is among the tokens; expected 0 to {VocabSize - 1} ({path}).");
            }
        }

        using var stream = File.OpenRead(path);
        var found = Convert.ToHexStringLower(SHA256.HashData(stream));
        if (found != Sha256)
        {
            throw new ModelFormatException($"The SHA-256 is {found}; expected {Sha256} as {InfoFile} says: the file was changed or is damaged ({path}).");
        }
    }
}
