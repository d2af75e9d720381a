using System.Diagnostics;
using System.Globalization;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>Text files to a token data folder: finds the text, trains or takes a tokenizer, writes the tokens.</summary>
internal sealed record DataPreparation
{
    /// <summary>The vocabulary size for a corpus of a megabyte or more.</summary>
    public const int DefaultVocabSize = 4096;

    /// <summary>The bytes and the two special tokens.</summary>
    public const int MinVocabSize = 258;

    // Less does not fill a sequence to train on.
    private const long MinTextBytes = 1000;

    // A token should occur often enough to be learned: in a small corpus one for this many bytes of text.
    private const int BytesPerToken = 256;
    private const int SmallestDefaultVocabSize = 512;

    /// <summary>Files and folders that hold the text.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>The data folder to write.</summary>
    public required string Output { get; init; }

    /// <summary>Number of ids to train, special tokens included; null to choose by the size of the corpus.</summary>
    public int? VocabSize { get; init; }

    /// <summary>A folder whose tokenizer is used instead of training one; null to train.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The vocabulary size that is chosen for a corpus of a size in bytes.</summary>
    public static int DefaultVocabSizeFor(long bytes) => (int)Math.Clamp(bytes / BytesPerToken, SmallestDefaultVocabSize, DefaultVocabSize);

    /// <summary>Prepares the folder and tells on standard output what was done.</summary>
    /// <exception cref="InvalidDataException">There is too little text.</exception>
    /// <exception cref="FormatException">The given tokenizer lacks a character of the text.</exception>
    /// <exception cref="ModelFormatException">The given tokenizer is not valid or ends no text.</exception>
    /// <exception cref="IOException">A path cannot be read, or the folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; an earlier folder is as it was.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        AtomicFolder.Check(Output, TokenDataset.InfoFile);
        var corpus = FindCorpus(cancellationToken);
        AtomicFolder.Write(Output, TokenDataset.InfoFile, folder =>
        {
            WriteTokenizer(corpus, folder, cancellationToken);
            WriteTokens(corpus, folder, cancellationToken);
        });
        Console.WriteLine($"Wrote {Output}: give it to pretrain or finetune as their data.");
    }

    private static string Describe(Corpus corpus)
    {
        var skipped = string.Join(", ", corpus.Skipped.Select(s => $"{s.Value} {s.Key}"));
        return $"{corpus.Files.Count} text files, {Megabytes(corpus.Bytes)}; files skipped: {(skipped.Length > 0 ? skipped : "none")}";
    }

    private static string Megabytes(long bytes) => bytes < 100_000 ? $"{bytes} bytes" : $"{bytes / 1e6:0.0} MB";

    private Corpus FindCorpus(CancellationToken cancellationToken)
    {
        var corpus = Corpus.Find(Paths, Output, cancellationToken);
        var places = string.Join(", ", Paths.Select(p => $"'{p}'"));
        return corpus.Bytes >= MinTextBytes
            ? corpus
            : throw new InvalidDataException(corpus.Files.Count == 0
                ? $"No text found in {places}; expected at least {MinTextBytes} bytes of UTF-8 text ({Describe(corpus)})."
                : $"Too little text in {places}: {corpus.Bytes} bytes; expected at least {MinTextBytes} ({Describe(corpus)}).");
    }

    private void WriteTokenizer(Corpus corpus, string folder, CancellationToken cancellationToken)
    {
        Console.WriteLine(Describe(corpus));
        if (Tokenizer is not null)
        {
            TokenizerFiles.CopyWithPause(Tokenizer, folder);
            return;
        }

        var trainer = new BpeTrainer();
        ForEachChunk("count words", corpus, (_, chunk) => trainer.Add(chunk), () => "", cancellationToken);
        var size = VocabSize ?? DefaultVocabSizeFor(corpus.Bytes);
        var ordinary = size - (MinVocabSize - BpeTrainer.ByteCount);
        var vocabulary = ProgressDisplay.Run("train tokenizer", ordinary, report =>
        {
            var trained = trainer.Train(ordinary, tokens => report(tokens, "tokens"), cancellationToken);
            report(ordinary, "tokens");
            return trained;
        });
        TokenizerFiles.Write(folder, vocabulary.Tokens, vocabulary.Merges);
        if (vocabulary.Tokens.Count < ordinary)
        {
            Console.WriteLine($"The text has no more pairs that occur twice: {size - ordinary + vocabulary.Tokens.Count} tokens instead of {size}.");
        }
    }

    private void WriteTokens(Corpus corpus, string folder, CancellationToken cancellationToken)
    {
        var tokenizer = Model.Tokenizer.Load(folder);
        var eos = tokenizer.EosId ?? throw new ModelFormatException($"There is no 'eos_token'; expected one, to end each document ({Path.Combine(Tokenizer ?? folder, FileNames.TokenizerConfig)}).");
        using var writer = new TokenDatasetWriter(folder, tokenizer.VocabSize, eos);
        var last = corpus.Files[0].Path;
        ForEachChunk("write tokens", corpus, (file, chunk) =>
        {
            if (file != last)
            {
                writer.EndDocument();
                last = file;
            }

            writer.Write(Encode(tokenizer, file, chunk));
        }, () => $"{writer.Count / 1e6:0.00}M tokens", cancellationToken);
        writer.EndDocument();
        var info = writer.Finish(Paths, corpus.Bytes);
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{info.Count} tokens of {info.VocabSize} kinds in {info.Documents} documents, {(double)corpus.Bytes / info.Count:0.00} bytes a token"));
    }

    private static int[] Encode(Tokenizer tokenizer, string file, string chunk)
    {
        try
        {
            return tokenizer.EncodeOrdinary(chunk);
        }
        catch (FormatException e)
        {
            throw new FormatException($"{e.Message[..^1]} ({file}).", e);
        }
    }

    private static void ForEachChunk(string title, Corpus corpus, Action<string, string> use, Func<string> figures, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        string Figures(long done) => string.Create(CultureInfo.InvariantCulture, $"{done / 1e6 / clock.Elapsed.TotalSeconds:0.0} MB/s {figures()}");
        ProgressDisplay.Run(title, corpus.Bytes, report =>
        {
            long done = 0;
            foreach (var (file, bytes) in corpus.Files)
            {
                long characters = 0;
                foreach (var chunk in Corpus.ReadChunks(file))
                {
                    cancellationToken.ThrowIfCancellationRequested();
                    use(file, chunk);
                    characters += chunk.Length;
                    report(done + Math.Min(characters, bytes), Figures(done + characters));
                }

                done += bytes;
                report(done, Figures(done));
            }

            return done;
        });
    }
}
