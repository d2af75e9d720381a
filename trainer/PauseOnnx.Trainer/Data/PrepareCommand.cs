using System.CommandLine;

namespace PauseOnnx.Trainer;

/// <summary><c>pauseonnx-train prepare</c>: text to a tokenizer and tokens.</summary>
internal static class PrepareCommand
{
    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var paths = new Argument<string[]>("PATH")
        {
            Description = "Text files, or folders searched for them; hidden files, links and files that are not UTF-8 text are skipped.",
            Arity = ArgumentArity.OneOrMore,
        };
        var output = new Option<string>("--out")
        {
            Description = "Data folder to write: tokens.bin, tokens.json, tokenizer.json and tokenizer_config.json.",
            Required = true,
        };
        var vocabSize = new Option<int?>("--vocab-size")
        {
            Description = $"Tokens of the tokenizer, <|endoftext|> and <pause> included. Default: {DataPreparation.DefaultVocabSize}, less for texts below a megabyte.",
        };
        var tokenizer = new Option<string?>("--tokenizer")
        {
            Description = "Folder with a tokenizer.json to use instead of training one; <pause> is added to it when missing.",
        };
        vocabSize.Validators.Add(result =>
        {
            if (result.Tokens.Count == 1 && int.TryParse(result.Tokens[0].Value, out var size) && size < DataPreparation.MinVocabSize)
            {
                result.AddError($"--vocab-size is {size}; expected at least {DataPreparation.MinVocabSize}: the 256 bytes and two special tokens.");
            }
        });
        var command = new Command("prepare", """
            Turns text files into training data: trains a byte-level BPE tokenizer on them and writes their tokens, each file a
            document that ends with <|endoftext|>.

            Examples:
              pauseonnx-train prepare books/ notes.txt --out data/books
              pauseonnx-train prepare src/ --out data/code --vocab-size 8192
              pauseonnx-train prepare more-text/ --out data/more --tokenizer checkpoints/books
            """) { paths, output, vocabSize, tokenizer };
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
                VocabSize = parsed.GetValue(vocabSize),
                Tokenizer = parsed.GetValue(tokenizer),
            };
            return Task.Run(() => preparation.Run(cancellationToken), cancellationToken);
        });
        return command;
    }
}
