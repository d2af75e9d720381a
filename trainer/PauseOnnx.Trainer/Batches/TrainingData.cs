using System.Security.Cryptography;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>What a model is trained on: the examples of a train.jsonl, or the tokens that <c>prepare</c> wrote.</summary>
/// <remarks>Thread-safe for reading, until <see cref="Dispose"/>.</remarks>
public sealed class TrainingData : IDisposable
{
    private readonly TokenizedExample[] _examples;
    private readonly TokenDataset? _tokens;

    private TrainingData(string path, TokenizedExample[] examples, TokenDataset? tokens, string sha256) =>
        (Path, _examples, _tokens, Sha256) = (path, examples, tokens, sha256);

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>SHA-256 in lower-case hexadecimal: the identity of the data.</summary>
    public string Sha256 { get; }

    /// <summary>Whether this is plain text, without questions and answers.</summary>
    public bool IsText => _tokens is not null;

    /// <summary>Tokens of plain text; 0 for examples.</summary>
    public long TokenCount => _tokens?.Count ?? 0;

    /// <summary>Whether there are worked solutions that pauses can replace.</summary>
    public bool HasWork => Array.Exists(_examples, e => e.Work.Length > 0);

    /// <summary>The examples; empty for plain text.</summary>
    public IReadOnlyList<TokenizedExample> Examples => _examples;

    /// <summary>Opens a data folder, or a file of examples.</summary>
    /// <param name="path">A folder with train.jsonl or tokens.json, or a .jsonl file.</param>
    /// <param name="tokenizer">Of the model that will be trained.</param>
    /// <exception cref="ModelFormatException">A file is not valid, or the tokens are another tokenizer's.</exception>
    /// <exception cref="IOException">There is no such data, or it cannot be read.</exception>
    public static TrainingData Open(string path, Tokenizer tokenizer)
    {
        var examples = File.Exists(path) ? path : System.IO.Path.Combine(path, FileNames.Train);
        if (File.Exists(examples))
        {
            return OpenExamples(examples, path, tokenizer);
        }

        if (!File.Exists(System.IO.Path.Combine(path, TokenDataset.InfoFile)))
        {
            throw new FileNotFoundException($"There is no training data at '{path}'; expected a folder with {FileNames.Train} or {TokenDataset.InfoFile}, or a .jsonl file.");
        }

        return OpenTokens(TokenDataset.Open(path), path, tokenizer);
    }

    /// <summary>Opens what a data folder keeps from training: its heldout.jsonl, or the held-out tokens that <c>prepare</c> wrote.</summary>
    /// <param name="path">As for <see cref="Open"/>; beside a .jsonl file, the heldout.jsonl in its folder.</param>
    /// <param name="tokenizer">Of the model.</param>
    /// <returns>null where nothing is held out.</returns>
    /// <inheritdoc cref="Open"/>
    public static TrainingData? OpenHeldOut(string path, Tokenizer tokenizer)
    {
        var examples = System.IO.Path.Combine(File.Exists(path) ? System.IO.Path.GetDirectoryName(path)! : path, FileNames.HeldOut);
        return File.Exists(examples) ? OpenExamples(examples, examples, tokenizer)
            : File.Exists(System.IO.Path.Combine(path, TokenDataset.InfoFile)) && TokenDataset.OpenHeldOut(path) is { } tokens ? OpenTokens(tokens, path, tokenizer)
            : null;
    }

    /// <summary>Plain text from a place on.</summary>
    /// <param name="first">First token.</param>
    /// <param name="destination">Filled.</param>
    public void ReadTokens(long first, Span<int> destination) => _tokens!.Read(first, destination);

    /// <inheritdoc/>
    public void Dispose() => _tokens?.Dispose();

    private static TrainingData OpenTokens(TokenDataset tokens, string path, Tokenizer tokenizer)
    {
        try
        {
            tokens.CheckTokenizer(tokenizer, path);
            return new TrainingData(path, [], tokens, tokens.Sha256);
        }
        catch
        {
            tokens.Dispose();
            throw;
        }
    }

    private static TrainingData OpenExamples(string file, string path, Tokenizer tokenizer)
    {
        using var stream = File.OpenRead(file);
        return new TrainingData(path, ExampleFile.ReadTokens(file, tokenizer), tokens: null, Convert.ToHexStringLower(SHA256.HashData(stream)));
    }
}
