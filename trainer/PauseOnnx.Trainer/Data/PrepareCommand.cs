using System.CommandLine;
using PauseOnnx.CommandLine;

namespace PauseOnnx.Trainer;

/// <summary><c>pauseonnx-train prepare</c>: text to a tokenizer and tokens.</summary>
internal static class PrepareCommand
{
    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Files, folders searched for them, or patterns in quotes; hidden files, links and files that are not UTF-8 text are skipped.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string>("--out")
        {
            Description = "Data folder to write: tokens-00000.bin and on, held-out-00000.bin and on, tokens.json, tokenizer.json and tokenizer_config.json.",
            Required = true,
        };
        var textField = new Option<string>("--text-field")
        {
            Description = "Field of each JSON line, or column of a Parquet file, that holds the text.",
            DefaultValueFactory = _ => DataPreparation.DefaultTextField,
        };
        var vocabSize = new Option<int?>("--vocab-size")
        {
            Description = $"Tokens of the tokenizer, <|endoftext|> and <pause> included. Default: {DataPreparation.DefaultVocabSize}, less for texts below a megabyte.",
        };
        var tokenizer = new Option<string?>("--tokenizer")
        {
            Description = "Folder with a tokenizer.json or SentencePiece tokenizer.model of type BPE to use instead of training one; <pause> is added to it when missing.",
        };
        var heldOut = new Option<double?>("--held-out")
        {
            Description = $"Part of the documents, 0 to 1, that is never trained on, chosen by a hash of their text. Default: {DataPreparation.DefaultHeldOut}, and 0 for sources below {DataPreparation.HeldOutFromBytes / 1_000_000} MB.",
        };
        var shardTokens = new Option<int>("--shard-tokens")
        {
            Description = "Tokens of a file.",
            DefaultValueFactory = _ => TokenDatasetWriter.DefaultShardTokens,
        }.AtLeast(1);
        var workers = new Option<int>("--workers")
        {
            Description = "Threads that encode; the result is the same for any number. Default: one a core.",
            DefaultValueFactory = _ => Environment.ProcessorCount,
        }.AtLeast(1);
        var saveSeconds = new Option<int>("--save-seconds")
        {
            Description = "Seconds between the moments from which a killed run can go on.",
            DefaultValueFactory = _ => DataPreparation.DefaultSaveSeconds,
        }.AtLeast(0);
        vocabSize.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var size) && size < DataPreparation.MinVocabSize)
            {
                result.AddError($"--vocab-size is {size}; expected at least {DataPreparation.MinVocabSize}: the 256 bytes and two special tokens.");
            }
        });
        heldOut.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<double?>() is { } fraction && fraction is not (>= 0 and < 1))
            {
                result.AddError($"--held-out is {fraction}; expected a part of the documents, from 0 to below 1.");
            }
        });
        var command = new Command("prepare", """
            Turns text into training data: trains a byte-level BPE tokenizer on it and writes its tokens, each document ended by
            <|endoftext|>. What a file holds is told by its suffix; all but Parquet may be compressed (.gz, .zst):

              .jsonl .json    JSON lines, each an object whose field "text" (or --text-field) is a document
              .parquet        each row a document, in the column "text" (or --text-field)
              anything else   UTF-8 text such as .txt, .md or source code: the file is a document

            It takes all cores and little memory. Stopped or killed, it goes on where it was when the same command is run again.

            Examples:
              pauseonnx-train prepare books/ notes.md --out data/books
              pauseonnx-train prepare src/ --out data/code --vocab-size 8192
              pauseonnx-train prepare 'c4/en/*.json.gz' --out data/c4 --vocab-size 32000
              pauseonnx-train prepare 'dumps/**/*.jsonl.zst' --text-field body --out data/dumps --held-out 0.01
              pauseonnx-train prepare wiki.parquet --text-field article --out data/wiki
              pauseonnx-train prepare more-text/ --out data/more --tokenizer checkpoints/books
            """) { paths, output, textField, vocabSize, tokenizer, heldOut, shardTokens, workers, saveSeconds };
        command.Validators.Add(result =>
        {
            if (result.GetResult(vocabSize) is not null && result.GetResult(tokenizer) is not null)
            {
                result.AddError("--vocab-size and --tokenizer are both given; expected one: the size of a given tokenizer is fixed.");
            }
        });
        command.SetAction((parsed, cancellationToken) =>
        {
            var preparation = new DataPreparation
            {
                Paths = parsed.GetRequiredValue(paths),
                Output = parsed.GetRequiredValue(output),
                TextField = parsed.GetRequiredValue(textField),
                VocabSize = parsed.GetValue(vocabSize),
                Tokenizer = parsed.GetValue(tokenizer),
                HeldOut = parsed.GetValue(heldOut),
                ShardTokens = parsed.GetRequiredValue(shardTokens),
                Workers = parsed.GetRequiredValue(workers),
                SaveEvery = TimeSpan.FromSeconds(parsed.GetRequiredValue(saveSeconds)),
            };
            return Task.Run(() => preparation.Run(cancellationToken), cancellationToken);
        });
        return command;
    }
}
