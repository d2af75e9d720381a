using System.CommandLine;
using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using PauseOnnx.CommandLine;
using PauseOnnx.Runtime;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx generate</c>: continues prompts with an exported model.</summary>
internal static class GenerateCommand
{
    private const string StandardInput = "-";

    private static readonly Argument<string> Model = new("MODEL") { Description = "Folder written by 'pauseonnx export'." };

    private static readonly Argument<string[]> Prompts = new("PROMPT")
    {
        Description = "What to continue. Several are answered together, as one batch. '-' reads a prompt from standard input; none asks for one after the other, each a line.",
        Arity = ArgumentArity.ZeroOrMore,
    };

    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly LoadOptions Load = new();

    private static readonly AnswerOptions Answer = new();

    private static readonly Option<int> Beams = new("--beams") { Description = "Follow this many candidates and give the best; not with sampling.", DefaultValueFactory = _ => 1 };

    private static readonly Option<int> Answers = new("--answers") { Description = "Answers to each prompt; with a temperature, or at most as many as --beams.", DefaultValueFactory = _ => 1 };

    private static readonly Option<bool> Ids = new("--ids") { Description = "Print the answers' token ids, separated by commas, one answer a line." };

    private static readonly Option<bool> Tokens = new("--tokens") { Description = "Print each token on a line, with its id, probability, time and the most likely others." };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("generate", """
            Continues prompts with an exported model. One prompt is answered as the tokens come; several are answered as a
            batch, each answer on a line with its number. Without a prompt it asks for one after the other.

            Examples:
              pauseonnx generate artifacts/models/luhn "453201511283036="
              pauseonnx generate artifacts/models/luhn "453201511283036=" "601100099013942=" --ids
              pauseonnx generate artifacts/models/corpus
              pauseonnx generate artifacts/models/corpus "The " --max-new-tokens 100 --temperature 0.8 --top-p 0.95 --seed 1
              pauseonnx generate artifacts/models/corpus "The " --stop "." --repetition-penalty 1.1 --when-full slide
              pauseonnx generate artifacts/models/corpus "The " --beams 4 --answers 2
              pauseonnx generate artifacts/models/corpus "The " --tokens --max-new-tokens 10
              pauseonnx generate artifacts/models/corpus "The " --precision int4 --threads 1
              pauseonnx generate artifacts/models/corpus "The " --provider cuda --device 1
              echo "Once upon a time" | pauseonnx generate artifacts/models/corpus -
            """) { Model, Prompts, Beams, Answers, Ids, Tokens };
        Answer.AddTo(command);
        Load.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] prompts = [.. (parsed.GetValue(Prompts) ?? []).Select(prompt => prompt == StandardInput ? ReadStandardInput() : prompt)];
        var options = Answer.Read(parsed) with { BeamWidth = parsed.GetValue(Beams), NumReturnSequences = parsed.GetValue(Answers) };
        using var model = PauseModel.Load(parsed.GetRequiredValue(Model), Load.Read(parsed));
        await (prompts.Length == 0 ? AskAsync(model, options, cancellationToken)
            : parsed.GetValue(Tokens) ? PrintTokensAsync(model, prompts, options, cancellationToken)
            : prompts.Length == 1 && options.NumReturnSequences == 1 && !parsed.GetValue(Ids) ? StreamAsync(model, prompts[0], options, cancellationToken)
            : PrintBatchAsync(model, prompts, options, parsed.GetValue(Ids), cancellationToken)).ConfigureAwait(false);
        return CommandHost.Success;
    }

    // A shell ends what it pipes with a newline, which is no part of the prompt.
    private static string ReadStandardInput()
    {
        var text = Console.In.ReadToEnd();
        return text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
    }

    // A bad prompt ends the command where it was given as an argument; here the user can mend it.
    private static Task AskAsync(PauseModel model, GenerationOptions options, CancellationToken cancellationToken) =>
        LineReader.ForEachAsync(
            $"Prompts, one a line, answered after {options.PauseCount ?? model.PauseCount} pauses; an empty line ends.",
            prompt => StreamAsync(model, prompt, options, cancellationToken),
            cancellationToken);

    private static async Task StreamAsync(PauseModel model, string prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        await AnswerPrinter.PrintAsync(model.GenerateAsync(prompt, options, cancellationToken)).ConfigureAwait(false);
        Console.WriteLine();
    }

    private static async Task PrintBatchAsync(PauseModel model, string[] prompts, GenerationOptions options, bool ids, CancellationToken cancellationToken)
    {
        var answers = await model.GenerateBatchAsync(prompts, options, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < answers.Count; i++)
        {
            Console.WriteLine(ids ? string.Join(",", answers[i].Ids) : $"[{i + 1}] {answers[i].Text}");
        }
    }

    private static async Task PrintTokensAsync(PauseModel model, string[] prompts, GenerationOptions options, CancellationToken cancellationToken)
    {
        if (prompts.Length > 1)
        {
            throw new ArgumentException($"--tokens was given with {prompts.Length} prompts; expected one.");
        }

        await foreach (var token in model.GenerateTokensAsync(prompts[0], options with { LogProbs = options.BeamWidth > 1 ? 0 : 3 }, cancellationToken).ConfigureAwait(false))
        {
            var others = token.TopLogProbs.Select(t => string.Create(CultureInfo.InvariantCulture, $"{Shown(model, t.Id)} {Math.Exp(t.LogProb):0.000}"));
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{token.Elapsed.TotalMilliseconds,8:0.0} ms  {token.Id,6}  {Math.Exp(token.LogProb ?? 0):0.000}  {Shown(model, token.Id),-12}  {string.Join(", ", others)}").TrimEnd());
        }
    }

    // A token may be part of a character, a line break or a space.
    private static string Shown(PauseModel model, int id) => JsonSerializer.Serialize(model.Tokenizer.Decode([id]), Readable);
}
