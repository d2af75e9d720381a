using System.Diagnostics;
using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;

namespace PauseOnnx.Trainer;

/// <summary>Source files to a token data folder: finds the text, trains or takes a tokenizer, writes the tokens.</summary>
internal sealed record DataPreparation
{
    /// <summary>The vocabulary size for a corpus of a megabyte or more.</summary>
    public const int DefaultVocabSize = 4096;

    /// <summary>The bytes and the two special tokens.</summary>
    public const int MinVocabSize = 258;

    /// <summary>The part of the documents that is held out of a corpus of <see cref="HeldOutFromBytes"/> or more.</summary>
    public const double DefaultHeldOut = 0.005;

    /// <summary>Size of the sources in bytes from which on documents are held out without being asked for.</summary>
    public const long HeldOutFromBytes = 10_000_000;

    /// <summary>The field or column that holds the text, as in C4.</summary>
    public const string DefaultTextField = "text";

    /// <summary>Seconds of work that a kill costs at most.</summary>
    public const int DefaultSaveSeconds = 5;

    // Less does not fill a sequence to train on.
    private const long MinTextBytes = 1000;

    // A token should occur often enough to be learned: in a small corpus one for this many bytes of text.
    private const int BytesPerToken = 256;
    private const int SmallestDefaultVocabSize = 512;

    /// <summary>Files, folders and patterns that hold the text.</summary>
    public required IReadOnlyList<string> Paths { get; init; }

    /// <summary>The data folder to write.</summary>
    public required string Output { get; init; }

    /// <summary>Name of the field of JSON lines, or the column of Parquet, that holds the text.</summary>
    public string TextField { get; init; } = DefaultTextField;

    /// <summary>Number of ids to train, special tokens included; null to choose by the size of the corpus.</summary>
    public int? VocabSize { get; init; }

    /// <summary>A folder whose tokenizer is used instead of training one; null to train.</summary>
    public string? Tokenizer { get; init; }

    /// <summary>The part of the documents to hold out, 0 to 1; null to choose by the size of the corpus.</summary>
    public double? HeldOut { get; init; }

    /// <summary>Tokens of a full shard.</summary>
    public int ShardTokens { get; init; } = TokenDatasetWriter.DefaultShardTokens;

    /// <summary>Threads that encode; the result does not depend on them.</summary>
    public int Workers { get; init; } = Environment.ProcessorCount;

    /// <summary>How often the state is saved from which a killed preparation goes on.</summary>
    public TimeSpan SaveEvery { get; init; } = TimeSpan.FromSeconds(DefaultSaveSeconds);

    /// <summary>The vocabulary size that is chosen for a text of a size in bytes.</summary>
    public static int DefaultVocabSizeFor(long bytes) => (int)Math.Clamp(bytes / BytesPerToken, SmallestDefaultVocabSize, DefaultVocabSize);

    /// <summary>Prepares the folder and tells on standard output what was done.</summary>
    /// <exception cref="InvalidDataException">There is too little text.</exception>
    /// <exception cref="FormatException">The given tokenizer lacks a character of the text.</exception>
    /// <exception cref="ModelFormatException">A source is not of its format, or the given tokenizer is not valid or ends no text.</exception>
    /// <exception cref="IOException">A path cannot be read, or the folder cannot be written.</exception>
    /// <exception cref="OperationCanceledException">It was cancelled; an earlier folder is as it was, and the same command goes on.</exception>
    public void Run(CancellationToken cancellationToken)
    {
        AtomicFolder.Check(Output, TokenDataset.InfoFile);
        var corpus = Corpus.Find(Paths, Output, cancellationToken);
        if (corpus.Files.Count == 0)
        {
            throw new InvalidDataException($"No text found in {Places}; expected at least {MinTextBytes} bytes of text ({Describe(corpus)}).");
        }

        Console.WriteLine(Describe(corpus));
        using var work = new PreparationWork(Output, Identify(corpus));
        try
        {
            Prepare(corpus, work, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            throw new CommandCancelledException($"Stopped; '{Output}' is as it was. Run the same command again to go on.");
        }
        catch (Exception e) when (e is InvalidDataException or FormatException or ModelFormatException)
        {
            // Unlike a full disk, what is wrong with the sources stays wrong.
            work.Discard();
            throw;
        }

        Console.WriteLine($"Wrote {Output}: give it to pretrain or finetune as their data.");
    }

    private string Places => string.Join(", ", Paths.Select(p => $"'{p}'"));

    private void Prepare(Corpus corpus, PreparationWork work, CancellationToken cancellationToken)
    {
        if (work.WasOther)
        {
            Console.WriteLine("Starting anew: the sources or options are not those of the unfinished run.");
        }

        if (work.State is { } state)
        {
            Console.WriteLine($"Going on with an unfinished run: {Total(state.Dataset) / 1e6:0.00}M tokens are written.");
        }
        else
        {
            WriteTokenizer(corpus, work.Data, cancellationToken);
            work.Save(default, TokenDatasetPosition.Start, 0);
        }

        WriteTokens(corpus, work, cancellationToken);
        work.Publish();
    }

    private static string Describe(Corpus corpus)
    {
        var skipped = string.Join(", ", corpus.Skipped.Select(s => $"{s.Value} {s.Key}"));
        return $"{corpus.Files.Count} files, {Megabytes(corpus.Bytes)}; files skipped: {(skipped.Length > 0 ? skipped : "none")}";
    }

    private static string Megabytes(long bytes) => bytes < 100_000 ? $"{bytes} bytes" : $"{bytes / 1e6:0.0} MB";

    private static long Total(TokenDatasetPosition position) => position.Training.TotalCount + position.HeldOut.TotalCount;

    // Whatever decides on a byte of the result, the program included.
    private string Identify(Corpus corpus) => JsonSerializer.Serialize(new
    {
        Sources = corpus.Files.Select(f => new { f.Path, f.Bytes, f.Modified }),
        Paths,
        TextField,
        VocabSize,
        Tokenizer = Tokenizer is null ? null : Directory.GetFiles(Tokenizer, "tokenizer*").Order(StringComparer.Ordinal).Select(HashOf),
        HeldOut = HeldOutOf(corpus),
        ShardTokens,
        Program = new[] { typeof(DataPreparation), typeof(Model.Tokenizer) }.Select(t => t.Module.ModuleVersionId),
    });

    private static string HashOf(string file) => Convert.ToHexStringLower(SHA256.HashData(File.ReadAllBytes(file)));

    private double HeldOutOf(Corpus corpus) => HeldOut ?? (corpus.Bytes >= HeldOutFromBytes ? DefaultHeldOut : 0);

    private void WriteTokenizer(Corpus corpus, string folder, CancellationToken cancellationToken)
    {
        if (Tokenizer is not null)
        {
            TokenizerFiles.CopyWithPause(Tokenizer, folder);
            return;
        }

        var (words, textBytes) = CountWords(corpus, cancellationToken);
        var size = VocabSize ?? DefaultVocabSizeFor(textBytes);
        var ordinary = size - (MinVocabSize - BpeTrainer.ByteCount);
        var vocabulary = ProgressDisplay.Run("train tokenizer", ordinary, report =>
        {
            var trained = new BpeTrainer(words).Train(ordinary, tokens => report(tokens, "tokens"), cancellationToken);
            report(ordinary, "tokens");
            return trained;
        });
        TokenizerFiles.Write(folder, vocabulary.Tokens, vocabulary.Merges);
        if (vocabulary.Tokens.Count < ordinary)
        {
            Console.WriteLine($"The text has no more pairs that occur twice: {size - ordinary + vocabulary.Tokens.Count} tokens instead of {size}.");
        }
    }

    private (WordCounts Words, long TextBytes) CountWords(Corpus corpus, CancellationToken cancellationToken)
    {
        var (words, textBytes) = (new WordCounts(), 0L);
        ForEachBatch("count words", corpus, default, Count, counted =>
        {
            words.Add(counted.Words);
            textBytes += counted.TextBytes;
            return (counted.Batch, textBytes, "");
        }, cancellationToken);
        CheckSize(textBytes, corpus);
        return (words, textBytes);
    }

    private static (WordCounts Words, long TextBytes, CorpusBatch Batch) Count(CorpusBatch batch)
    {
        var texts = batch.Parts.Select(p => p.Part.Text()).ToList();
        return (WordCounts.Of(texts), texts.Sum(t => (long)Encoding.UTF8.GetByteCount(t)), batch);
    }

    private void WriteTokens(Corpus corpus, PreparationWork work, CancellationToken cancellationToken)
    {
        var tokenizer = Model.Tokenizer.Load(work.Data);
        var eos = tokenizer.EosId ?? throw new ModelFormatException($"There is no 'eos_token'; expected one, to end each document ({Path.Combine(Tokenizer ?? work.Data, FileNames.TokenizerConfig)}).");
        var (state, heldOut) = (work.State!, HeldOutOf(corpus));
        var textBytes = state.TextBytes;
        using var writer = new TokenDatasetWriter(work.Data, tokenizer.VocabSize, eos, ShardTokens, state.Dataset);
        var sinceSaved = Stopwatch.StartNew();
        ForEachBatch("write tokens", corpus, state.Corpus, new BatchEncoder(tokenizer, heldOut).Encode, encoded =>
        {
            Write(encoded, writer);
            textBytes += encoded.TextBytes;
            if (sinceSaved.Elapsed >= SaveEvery)
            {
                writer.Flush();
                work.Save(encoded.Batch.End, writer.Position, textBytes);
                sinceSaved.Restart();
            }

            return (encoded.Batch, textBytes - state.TextBytes, $"{Total(writer.Position) / 1e6:0.00}M tokens");
        }, cancellationToken);
        CheckSize(textBytes, corpus);
        if (writer.Position.Training.TotalCount == 0)
        {
            throw new InvalidDataException($"All {writer.Position.HeldOut.TotalDocuments} documents of {Places} are held out; expected some to train on: give a smaller --held-out.");
        }

        Tell(writer.Finish(Paths, textBytes, heldOut));
    }

    private static void Write(EncodedBatch encoded, TokenDatasetWriter writer)
    {
        var ids = CollectionsMarshal.AsSpan(encoded.Ids);
        var start = 0;
        foreach (var part in encoded.Parts)
        {
            if (part.StartsDocument)
            {
                writer.StartDocument(part.IsHeldOut);
            }

            writer.Write(ids[start..part.End]);
            start = part.End;
            if (part.EndsDocument)
            {
                writer.EndDocument();
            }
        }
    }

    private void CheckSize(long textBytes, Corpus corpus)
    {
        if (textBytes < MinTextBytes)
        {
            throw new InvalidDataException($"Too little text in {Places}: {textBytes} bytes; expected at least {MinTextBytes} ({Describe(corpus)}).");
        }
    }

    private static void Tell(TokenDatasetInfo info)
    {
        var (count, heldOut) = (info.Shards.Sum(s => s.Count), info.HeldOut.Sum(s => s.Count));
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"{count} tokens of {info.VocabSize} kinds in {info.Shards.Sum(s => s.Documents)} documents, {(double)info.TextBytes / (count + heldOut):0.00} bytes a token"));
        if (heldOut > 0)
        {
            Console.WriteLine($"Held out of training: {heldOut} tokens in {info.HeldOut.Sum(s => s.Documents)} documents.");
        }
    }

    private void ForEachBatch<T>(
        string title, Corpus corpus, CorpusPosition start, Func<CorpusBatch, T> transform,
        Func<T, (CorpusBatch Batch, long TextBytes, string Figures)> use, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        ProgressDisplay.Run(title, corpus.Bytes, report =>
        {
            foreach (var result in OrderedParallel.Select(CorpusReader.Read(corpus, TextField, start), Workers, transform))
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (batch, textBytes, figures) = use(result);
                report(batch.SourceBytes, string.Create(CultureInfo.InvariantCulture, $"{textBytes / 1e6 / clock.Elapsed.TotalSeconds:0.0} MB/s {figures}"));
            }

            return corpus.Bytes;
        });
    }
}
