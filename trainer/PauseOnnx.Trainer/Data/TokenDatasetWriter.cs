using System.Runtime.InteropServices;
using System.Security.Cryptography;

namespace PauseOnnx.Trainer;

/// <summary>Writes tokens.bin as the tokens come and tokens.json at the end; nothing is kept in memory.</summary>
internal sealed class TokenDatasetWriter : IDisposable
{
    private readonly string _folder;
    private readonly FileStream _stream;
    private readonly IncrementalHash _hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
    private readonly int _eosId;
    private TokenDatasetInfo _info;

    /// <summary>Starts a dataset.</summary>
    /// <param name="folder">An existing folder.</param>
    /// <param name="vocabSize">Number of ids of the tokenizer, <c>&lt;pause&gt;</c> included.</param>
    /// <param name="eosId">The end-of-text token, which ends each document.</param>
    public TokenDatasetWriter(string folder, int vocabSize, int eosId)
    {
        _folder = folder;
        _eosId = eosId;
        _info = new TokenDatasetInfo { Count = 0, Documents = 0, VocabSize = vocabSize, Sha256 = "" };
        _stream = new FileStream(Path.Combine(folder, TokenDataset.TokensFile), FileMode.Create, FileAccess.Write, FileShare.None, 1 << 20);
    }

    /// <summary>Number of tokens written.</summary>
    public long Count => _info.Count;

    /// <summary>Appends tokens to the current document.</summary>
    public void Write(ReadOnlySpan<int> ids)
    {
        if (_info.TokenSize == sizeof(ushort))
        {
            var narrow = new ushort[ids.Length];
            for (var i = 0; i < narrow.Length; i++)
            {
                narrow[i] = checked((ushort)ids[i]);
            }

            Append(MemoryMarshal.AsBytes<ushort>(narrow));
        }
        else
        {
            Append(MemoryMarshal.AsBytes(ids));
        }

        _info = _info with { Count = _info.Count + ids.Length };
    }

    /// <summary>Ends the current document.</summary>
    public void EndDocument()
    {
        Write([_eosId]);
        _info = _info with { Documents = _info.Documents + 1 };
    }

    /// <summary>Writes tokens.json.</summary>
    /// <param name="sources">The paths that were prepared.</param>
    /// <param name="textBytes">Size of the text in bytes of UTF-8.</param>
    public TokenDatasetInfo Finish(IReadOnlyList<string> sources, long textBytes)
    {
        _stream.Flush();
        _info = _info with { Sha256 = Convert.ToHexStringLower(_hash.GetHashAndReset()), Sources = sources, TextBytes = textBytes };
        _info.Write(Path.Combine(_folder, TokenDataset.InfoFile));
        return _info;
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _stream.Dispose();
        _hash.Dispose();
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        _hash.AppendData(bytes);
        _stream.Write(bytes);
    }
}
