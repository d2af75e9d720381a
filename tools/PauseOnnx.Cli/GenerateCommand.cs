using System.CommandLine;
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
        Description = "What to continue. Several are answered together, as one batch. '-' reads a prompt from standard input.",
        Arity = ArgumentArity.OneOrMore,
    };

    private static readonly LoadOptions Load = new();

    private static readonly Option<int?> MaxNewTokens = new("--max-new-tokens") { Description = "Longest answer, in tokens [default: as the model says, or 256]." };

    private static readonly Option<double?> Temperature = new("--temperature")
    {
        Description = "Divides the logits before sampling; 0 always takes the most likely token [default: as the model says, or 0].",
    };

    private static readonly Option<int?> TopK = new("--top-k") { Description = "Sample among this many most likely tokens; 0 for all." };

    private static readonly Option<double?> TopP = new("--top-p") { Description = "Sample among the most likely tokens that together have this probability." };

    private static readonly Option<int?> Seed = new("--seed") { Description = "Start of the random numbers [default: another one every time]." };

    private static readonly Option<int?> PauseCount = new("--pause-count")
    {
        Description = "Pauses before the answer, for a model exported with '--pause-count dynamic' [default: the model's own].",
    };

    private static readonly Option<bool> Ids = new("--ids") { Description = "Print the answers' token ids, separated by commas, one answer a line." };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("generate", """
            Continues prompts with an exported model. One prompt is answered as the tokens come; several are answered as a
            batch, each answer on a line with its number.

            Examples:
              pauseonnx generate artifacts/models/luhn "453201511283036="
              pauseonnx generate artifacts/models/luhn "453201511283036=" "601100099013942=" --ids
              pauseonnx generate artifacts/models/corpus "The " --max-new-tokens 100 --temperature 0.8 --top-p 0.95 --seed 1
              pauseonnx generate artifacts/models/corpus "The " --precision int4 --threads 1
              pauseonnx generate artifacts/models/corpus "The " --provider cuda --device 1
              echo "Once upon a time" | pauseonnx generate artifacts/models/corpus -
            """)
        {
            Model, Prompts, MaxNewTokens, Temperature, TopK, TopP, Seed, PauseCount, Ids,
        };
        Load.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        string[] prompts = [.. parsed.GetRequiredValue(Prompts).Select(prompt => prompt == StandardInput ? ReadStandardInput() : prompt)];
        var options = new GenerationOptions
        {
            MaxNewTokens = parsed.GetValue(MaxNewTokens),
            Temperature = parsed.GetValue(Temperature),
            TopK = parsed.GetValue(TopK),
            TopP = parsed.GetValue(TopP),
            Seed = parsed.GetValue(Seed),
            PauseCount = parsed.GetValue(PauseCount),
        };
        using var model = PauseModel.Load(parsed.GetRequiredValue(Model), Load.Read(parsed));
        await (parsed.GetValue(Ids) ? PrintIdsAsync(model, prompts, options, cancellationToken)
            : prompts.Length == 1 ? StreamAsync(model, prompts[0], options, cancellationToken)
            : PrintBatchAsync(model, prompts, options, cancellationToken)).ConfigureAwait(false);
        return CommandHost.Success;
    }

    // A shell ends what it pipes with a newline, which is no part of the prompt.
    private static string ReadStandardInput()
    {
        var text = Console.In.ReadToEnd();
        return text.EndsWith('\n') ? text[..^1].TrimEnd('\r') : text;
    }

    private static async Task StreamAsync(PauseModel model, string prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        var pieces = model.GenerateAsync(prompt, options, cancellationToken);
        try
        {
            await foreach (var piece in pieces.ConfigureAwait(false))
            {
                Console.Write(piece);
            }
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine();
            throw new CommandCancelledException("Cancelled; the answer is not complete.");
        }

        Console.WriteLine();
    }

    private static async Task PrintBatchAsync(PauseModel model, string[] prompts, GenerationOptions options, CancellationToken cancellationToken)
    {
        var answers = await model.GenerateBatchAsync(prompts, options, cancellationToken).ConfigureAwait(false);
        for (var i = 0; i < answers.Count; i++)
        {
            Console.WriteLine($"[{i + 1}] {answers[i].Text}");
        }
    }

    private static Task PrintIdsAsync(PauseModel model, string[] prompts, GenerationOptions options, CancellationToken cancellationToken) => Task.Run(
        () =>
        {
            using var generator = model.CreateGenerator([.. prompts.Select(p => model.Tokenizer.Encode(p))], options);
            while (generator.Step(cancellationToken))
            {
            }

            for (var i = 0; i < generator.BatchSize; i++)
            {
                Console.WriteLine(string.Join(",", generator.GetIds(i)));
            }
        },
        cancellationToken);
}
