using System.CommandLine;
using System.Diagnostics;
using System.Text.Json;
using PauseOnnx.Experiments;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tasks;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// <c>pauseonnx-bench answers</c>: asks a model questions in a process of its own, those of a line of JSON on standard input,
/// <see cref="EvaluationRequest"/>, and answers each with a line, <see cref="EvaluationReply"/>. The peer in peers/ speaks the same way.
/// </summary>
internal static class AnswersCommand
{
    /// <summary>The command's word.</summary>
    internal const string Name = "answers";

    /// <summary>Tokens of a written answer.</summary>
    internal const int NewTokens = 16;

    /// <summary>The command with its arguments.</summary>
    internal static Command Create()
    {
        var folder = new Argument<string>("FOLDER");
        var threads = new Argument<int>("THREADS");
        var command = new Command(Name, "Asks a model the questions named on standard input; what 'evaluation' runs.") { folder, threads };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => Serve(new(parsed.GetRequiredValue(folder)), parsed.GetValue(threads), cancellationToken));
        return command;
    }

    private static async Task Serve(EvaluationFiles files, int threads, CancellationToken cancellationToken)
    {
        using var model = PauseModel.Load(files.Model, new() { Precision = GraphPrecision.Fp32, IntraOpThreads = threads });
        Console.WriteLine("{}");
        while (await Console.In.ReadLineAsync(cancellationToken) is { } line)
        {
            var request = JsonSerializer.Deserialize<EvaluationRequest>(line)!;
            var task = TaskList.Get(request.Task);
            Question[] questions = [.. files.Read(task).Take(request.Questions)];

            // What is measured later is run here once, too, as the peer's is: code of .NET is fast from its second run on.
            var time = Time(model, task, questions, request.BatchSize, cancellationToken);
            var reply = request.TellsAnswers ? await Tell(model, questions, request.BatchSize, cancellationToken) : time;
            Console.WriteLine(JsonSerializer.Serialize(reply));
        }
    }

    // As `pauseonnx eval` does it. An answer after a line break may have others in it, so all have all their tokens.
    private static EvaluationReply Time(PauseModel model, ITask task, Question[] questions, int batchSize, CancellationToken cancellationToken)
    {
        Question[] asked = [.. questions.Select(q => q with { Target = $"\n{q.Target}" })];
        var begin = Stopwatch.GetTimestamp();
        new TaskEvaluation(model, task, asked, new() { BatchSize = batchSize, MaxNewTokens = NewTokens }).Run([model.PauseCount], (_, _) => { }, cancellationToken);
        return new(Stopwatch.GetElapsedTime(begin).TotalSeconds, [], []);
    }

    private static async Task<EvaluationReply> Tell(PauseModel model, Question[] questions, int batchSize, CancellationToken cancellationToken)
    {
        var written = questions.Where(q => q.IsWritten).Select(q => q.Prompt).ToArray();
        var ids = new List<int[]>();
        foreach (var prompts in written.Chunk(batchSize))
        {
            var answers = await model.GenerateBatchAsync(prompts, new() { MaxNewTokens = NewTokens, StopTokens = [], Temperature = 0 }, cancellationToken);
            ids.AddRange(answers.Select(a => a.Ids.ToArray()));
        }

        var scores = await model.ScoreAsync([.. questions.SelectMany(q => q.Choices.Select(c => new ScoringRequest(q.Prompt, c)))], cancellationToken: cancellationToken);
        var scored = new Queue<double>(scores.Select(s => s.LogLikelihood));
        return new(0, [.. ids], [.. questions.Select(q => q.Choices.Select(_ => scored.Dequeue()).ToArray())]);
    }
}
