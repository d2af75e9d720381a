using System.Text;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Quality;

/// <summary>What graphs are measured by.</summary>
/// <param name="Path">The file or folder, as it was given.</param>
/// <param name="IsText">Whether the examples are windows of plain text rather than questions and answers.</param>
/// <param name="Examples">At least one; every prefix and every target has at least one token.</param>
internal sealed record QualityData(string Path, bool IsText, IReadOnlyList<TokenizedExample> Examples)
{
    // In tokens: half is given, half is to be foretold. With pauses, no longer than what small models are trained on.
    private const int WindowLength = 128;

    // More than a token has on average in any text; where it has more yet, there are fewer windows.
    private const int CharactersPerToken = 8;

    /// <summary>Reads as many examples or windows as are asked for, or as there are.</summary>
    /// <param name="plan">What will be exported, and what was asked for.</param>
    /// <exception cref="ModelFormatException">A file does not hold what its format promises, or too little, or another model's tokens.</exception>
    /// <exception cref="ArgumentException">No sample is asked for, or one does not fit the positions that there are.</exception>
    /// <exception cref="IOException">There is no such data, the checkpoint has no tokenizer, or a file cannot be read.</exception>
    public static QualityData Read(ExportPlan plan)
    {
        var options = plan.Options;
        if (options.QualitySamples < 1)
        {
            throw new ArgumentException($"The number of samples is {options.QualitySamples}; expected at least 1.");
        }

        var (path, tokenizer) = (options.Quality!, LoadTokenizer(options.Checkpoint));
        var examples = Directory.Exists(path) ? System.IO.Path.Combine(path, FileNames.HeldOut) : path;
        var isText = !File.Exists(examples) || !System.IO.Path.GetExtension(examples).Equals(".jsonl", StringComparison.OrdinalIgnoreCase);
        var data = new QualityData(path, isText, isText
            ? ReadText(plan, tokenizer)
            : ExampleFile.ReadTokens(examples, tokenizer, options.QualitySamples));
        data.Check(plan);
        return data;
    }

    private static Tokenizer LoadTokenizer(string checkpoint) =>
        File.Exists(System.IO.Path.Combine(checkpoint, FileNames.Tokenizer)) || File.Exists(System.IO.Path.Combine(checkpoint, FileNames.SentencePiece))
            ? Tokenizer.Load(checkpoint)
            : throw new FileNotFoundException($"'{checkpoint}' has no {FileNames.Tokenizer}; expected the model's tokenizer there, to measure quality by a text: add it, or export without measuring.");

    private static TokenizedExample[] ReadText(ExportPlan plan, Tokenizer tokenizer)
    {
        var path = plan.Options.Quality!;
        if (File.Exists(path))
        {
            var ids = Encode(path, ReadStart(path, (long)plan.Options.QualitySamples * WindowLength * CharactersPerToken), tokenizer);
            return CutWindows(plan, ids.Length, tokenizer, (first, window) => ids.AsSpan((int)first, window.Length).CopyTo(window));
        }

        if (!File.Exists(System.IO.Path.Combine(path, TokenDataset.InfoFile)))
        {
            throw new FileNotFoundException($"There is no data at '{path}'; expected a folder with {FileNames.HeldOut} or {TokenDataset.InfoFile}, a .jsonl file of examples, or a text file.");
        }

        using var tokens = TokenDataset.OpenHeldOut(path)
            ?? throw new ModelFormatException($"No text is held out; expected some: prepare it with `pauseonnx-train prepare --held-out 0.01`, or measure by a text file ({path}).");
        tokens.CheckTokenizer(tokenizer, path);
        return CutWindows(plan, tokens.Count, tokenizer, (first, window) => tokens.Read(first, window));
    }

    // Whole windows side by side, or, where the text has more than are asked for, spread evenly over it.
    private static TokenizedExample[] CutWindows(ExportPlan plan, long count, Tokenizer tokenizer, Action<long, int[]> read)
    {
        if (count < 2)
        {
            throw new ModelFormatException($"The text has {count} tokens; expected at least 2, one to give and one to foretell ({plan.Options.Quality}).");
        }

        var start = tokenizer.Encode("", addSpecialTokens: true);
        var room = Math.Max(2, plan.MaxLength - plan.PauseCount - start.Length);
        var length = (int)Math.Min(Math.Min(WindowLength, room), count);
        var windows = Math.Min(plan.Options.QualitySamples, count / length);
        return [.. Enumerable.Range(0, (int)windows).Select(i =>
        {
            var window = new int[length];
            read(i * (count - length) / Math.Max(1, windows - 1), window);
            return new TokenizedExample([.. start, .. window[..(length / 2)]], [], window[(length / 2)..]);
        })];
    }

    private static int[] Encode(string file, string text, Tokenizer tokenizer)
    {
        try
        {
            return tokenizer.EncodeOrdinary(text);
        }
        catch (FormatException e)
        {
            throw new ModelFormatException($"{e.Message} ({file}).", e);
        }
    }

    private static string ReadStart(string file, long characters)
    {
        try
        {
            using var reader = new StreamReader(file, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true));
            var buffer = new char[Math.Min(characters, new FileInfo(file).Length)];
            return new string(buffer, 0, reader.ReadBlock(buffer));
        }
        catch (DecoderFallbackException e)
        {
            throw new ModelFormatException($"The text is not UTF-8; expected a text file in UTF-8, or a .jsonl file of examples ({file}).", e);
        }
    }

    private void Check(ExportPlan plan)
    {
        var (pauses, positions, vocabulary) = (plan.PauseCount, plan.MaxLength, plan.Config.OrdinaryVocabSize);
        foreach (var (example, i) in Examples.Select((e, i) => (e, i)))
        {
            if (example.Prefix.Length == 0 || example.Target.Length == 0)
            {
                throw new ModelFormatException($"Example {i + 1} has {example.Prefix.Length} tokens of prefix and {example.Target.Length} of target; expected at least one of each ({Path}).");
            }

            if (example.Prefix.Length + pauses + example.Target.Length is var length && length > positions)
            {
                throw new ArgumentException($"Example {i + 1} has {length} tokens with {pauses} pauses; expected at most {positions}: {(plan.Options.MaxLength is null ? "the model has no more positions" : "give a larger --max-length")} ({Path}).");
            }

            if (example.Prefix.Concat(example.Target).Max() is var id && id >= vocabulary)
            {
                throw new ModelFormatException($"Example {i + 1} has id {id}; expected 0 to {vocabulary - 1}, those that the model can foretell: its tokenizer is another model's, or the text has <pause> written in it ({Path}).");
            }
        }
    }
}
