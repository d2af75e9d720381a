using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using PauseOnnx.CommandLine;
using PauseOnnx.Model;
using PauseOnnx.Runtime;

namespace PauseOnnx.Cli;

/// <summary><c>pauseonnx score</c>: how likely a model finds given continuations.</summary>
internal static class ScoreCommand
{
    private static readonly Argument<string> Model = new("MODEL") { Description = "Folder written by 'pauseonnx export'." };

    private static readonly Argument<string> Prompt = new("PROMPT") { Description = "What stands before the continuations.", Arity = ArgumentArity.ZeroOrOne };

    private static readonly Argument<string[]> Continuations = new("CONTINUATION") { Description = "What may follow; the most likely one is marked.", Arity = ArgumentArity.ZeroOrMore };

    private static readonly LoadOptions Load = new();

    private static readonly Option<string?> Data = new("--data")
    {
        Description = "Score the targets of JSON lines of prefix and target instead, or of a folder's heldout.jsonl, and print their perplexity.",
        HelpName = "PATH",
    };

    private static readonly Option<int?> PauseCount = new("--pause-count") { Description = "Pauses between prompt and continuation [default: the model's own]." };

    private static readonly Option<int?> Limit = new Option<int?>("--limit") { Description = "Score only the first so many lines [default: all]." }.Positive();

    private static readonly Option<int> BatchSize = new Option<int>("--batch-size") { Description = "Continuations computed together.", DefaultValueFactory = _ => 16 }.Positive();

    private static readonly Option<bool> AsJson = new("--json") { Description = "Print JSON lines, with the log-probability of each token." };

    /// <summary>The command with its options.</summary>
    internal static Command Create()
    {
        var command = new Command("score", """
            Tells how likely an exported model finds given continuations, after its pauses: natural logarithm of the probability
            of all tokens, and its mean. A star marks what a greedy answer would begin with.

            Examples:
              pauseonnx score artifacts/models/luhn "453201511283036=" 5 6 7
              pauseonnx score artifacts/models/corpus "The " "quick fox" "of of of" --json
              pauseonnx score artifacts/models/luhn --data artifacts/data/luhn --limit 500
            """) { Model, Prompt, Continuations, Data, PauseCount, Limit, BatchSize, AsJson };
        Load.AddTo(command);
        command.SetAction(RunAsync);
        return command;
    }

    private static async Task<int> RunAsync(ParseResult parsed, CancellationToken cancellationToken)
    {
        var requests = Requests(parsed);
        using var model = PauseModel.Load(parsed.GetRequiredValue(Model), Load.Read(parsed));
        var options = new ScoringOptions { PauseCount = parsed.GetValue(PauseCount), BatchSize = parsed.GetValue(BatchSize) };
        var isData = parsed.GetValue(Data) is not null;
        var scores = isData
            ? ProgressDisplay.Run("score", requests.Length, report => ScoreAll(model, requests, options, report, cancellationToken))
            : await model.ScoreAsync(requests, options, cancellationToken).ConfigureAwait(false);
        if (parsed.GetValue(AsJson))
        {
            PrintJson(requests, scores);
        }
        else if (isData)
        {
            PrintSummary(scores);
        }
        else
        {
            PrintTable(requests, scores);
        }

        return CommandHost.Success;
    }

    private static ScoringRequest[] Requests(ParseResult parsed)
    {
        var continuations = parsed.GetValue(Continuations) ?? [];
        if (parsed.GetValue(Data) is { } data)
        {
            var file = Directory.Exists(data) ? Path.Combine(data, FileNames.HeldOut) : data;
            ScoringRequest[] requests = [.. ExampleFile.Read(file).Take(parsed.GetValue(Limit) ?? int.MaxValue).Select(e => new ScoringRequest(e.Prefix, e.Target))];
            return parsed.GetValue(Prompt) is not null ? throw new ArgumentException("Both a prompt and --data were given; expected one of them.")
                : requests.Length > 0 ? requests
                : throw new ModelFormatException($"There is no example; expected JSON lines of prefix and target ({file}).");
        }

        return parsed.GetValue(Prompt) is { } prompt && continuations.Length > 0
            ? [.. continuations.Select(c => new ScoringRequest(prompt, c))]
            : throw new ArgumentException("There is nothing to score; expected a prompt and at least one continuation, or --data.");
    }

    // In pieces, so that there is progress to report.
    private static List<ContinuationScore> ScoreAll(PauseModel model, ScoringRequest[] requests, ScoringOptions options, Action<long, string> report, CancellationToken cancellationToken)
    {
        var scores = new List<ContinuationScore>();
        foreach (var piece in requests.Chunk(8 * options.BatchSize))
        {
            scores.AddRange(model.ScoreAsync(piece, options, cancellationToken).GetAwaiter().GetResult());
            report(scores.Count, "");
        }

        return scores;
    }

    private static void PrintTable(ScoringRequest[] requests, IReadOnlyList<ContinuationScore> scores)
    {
        var best = scores.Max(s => s.LogLikelihood);
        Console.WriteLine("  log-likelihood  a token  tokens");
        foreach (var (request, score) in requests.Zip(scores))
        {
            var mark = score.LogLikelihood == best ? "<- most likely" : "";
            Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
                $"{(score.IsGreedy ? '*' : ' ')} {score.LogLikelihood,14:0.0000} {score.LogLikelihood / score.TokenCount,8:0.000} {score.TokenCount,7}  {request.Continuation}  {mark}").TrimEnd());
        }
    }

    private static void PrintSummary(IReadOnlyList<ContinuationScore> scores)
    {
        var tokens = scores.Sum(s => s.TokenCount);
        var mean = scores.Sum(s => s.LogLikelihood) / tokens;
        Console.WriteLine(string.Create(CultureInfo.InvariantCulture,
            $"perplexity {Math.Exp(-mean):0.000} over {tokens} tokens of {scores.Count} targets (mean log-likelihood {mean:0.0000} a token); {100.0 * scores.Count(s => s.IsGreedy) / scores.Count:0.0} % are what the model would say"));
    }

    private static void PrintJson(ScoringRequest[] requests, IReadOnlyList<ContinuationScore> scores)
    {
        foreach (var (request, score) in requests.Zip(scores))
        {
            Console.WriteLine(JsonSerializer.Serialize(new
            {
                prompt = request.Prompt,
                continuation = request.Continuation,
                log_likelihood = score.LogLikelihood,
                is_greedy = score.IsGreedy,
                token_log_probs = score.TokenLogProbs,
            }));
        }
    }
}
