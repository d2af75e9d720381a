using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>What a model is trained on: the examples of a train.jsonl, or the tokens that <c>prepare</c> wrote.</summary>
/// <remarks>Thread-safe for reading, until <see cref="Dispose"/>.</remarks>
public sealed class TrainingData : IDisposable
{
    private readonly TokenizedExample[] _examples;
    private readonly TokenDataset? _tokens;

    private TrainingData(string path, TokenizedExample[] examples, TokenDataset? tokens) =>
        (Path, _examples, _tokens) = (path, examples, tokens);

    /// <summary>The file or folder.</summary>
    public string Path { get; }

    /// <summary>Whether this is plain text, without questions and answers.</summary>
    public bool IsText => _tokens is not null;

    /// <summary>Whether there are worked solutions that pauses can replace.</summary>
    public bool HasWork => Array.Exists(_examples, e => e.Work.Length > 0);

    /// <summary>The examples; empty for plain text.</summary>
    public IReadOnlyList<TokenizedExample> Examples => _examples;

    /// <summary>Opens a data folder, or a file of examples.</summary>
    /// <param name="path">A folder with train.jsonl or tokens.json, or a .jsonl file.</param>
    /// <param name="tokenizer">Of the model that will be trained.</param>
    /// <exception cref="ModelFormatException">A file is not valid, or the tokens are another tokenizer's or too few.</exception>
    /// <exception cref="IOException">There is no such data, or it cannot be read.</exception>
    public static TrainingData Open(string path, Tokenizer tokenizer)
    {
        var examples = File.Exists(path) ? path : System.IO.Path.Combine(path, FileNames.Train);
        if (File.Exists(examples))
        {
            return new TrainingData(path, ReadExamples(examples, tokenizer), tokens: null);
        }

        if (!File.Exists(System.IO.Path.Combine(path, TokenDataset.InfoFile)))
        {
            throw new FileNotFoundException($"There is no training data at '{path}'; expected a folder with {FileNames.Train} or {TokenDataset.InfoFile}, or a .jsonl file.");
        }

        var tokens = TokenDataset.Open(path);
        var fault = tokens.VocabSize != tokenizer.VocabSize
            ? $"The tokens are of a tokenizer with {tokens.VocabSize} ids; expected {tokenizer.VocabSize}, as the model has"
            : tokens.Count < 2 ? $"The text has {tokens.Count} tokens; expected at least 2, as each is predicted from those before" : null;
        if (fault is not null)
        {
            tokens.Dispose();
            throw new ModelFormatException($"{fault} ({path}).");
        }

        return new TrainingData(path, [], tokens);
    }

    /// <summary>Reads the examples of a .jsonl file.</summary>
    /// <exception cref="ModelFormatException">There is none, a line is not one, or has a character that the tokenizer lacks.</exception>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static TokenizedExample[] ReadExamples(string file, Tokenizer tokenizer)
    {
        int[] end = tokenizer.EosId is { } eos ? [eos] : [];
        try
        {
            var examples = ExampleFile.Read(file).AsParallel().AsOrdered()
                .Select(e => new TokenizedExample(tokenizer.Encode(e.Prefix), tokenizer.Encode(e.Work), [.. tokenizer.Encode(e.Target), .. end]))
                .ToArray();
            return examples.Length > 0 ? examples : throw new ModelFormatException($"There is no example; expected at least one line ({file}).");
        }
        catch (AggregateException e) when (e.InnerException is FormatException fault)
        {
            throw new ModelFormatException($"{fault.Message} ({file}).", fault);
        }
        catch (AggregateException e) when (e.InnerException is ModelFormatException fault)
        {
            throw new ModelFormatException(fault.Message, fault);
        }
    }

    /// <summary>Plain text from a random place.</summary>
    /// <param name="length">Tokens wanted; all there are when the text is shorter.</param>
    /// <param name="random">Draws the place.</param>
    public int[] Window(int length, Random random)
    {
        var window = new int[Math.Min(length, _tokens!.Count)];
        _tokens.Read(random.NextInt64(_tokens.Count - window.Length + 1), window);
        return window;
    }

    /// <inheritdoc/>
    public void Dispose() => _tokens?.Dispose();
}
