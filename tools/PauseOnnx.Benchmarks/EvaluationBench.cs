using System.Text.Json;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// Has a model answer questions in our process and in the peer's, in turn. Both have loaded the same file, and the one that
/// waits takes no time of a processor.
/// </summary>
/// <remarks>Not thread-safe.</remarks>
internal sealed class EvaluationBench : IDisposable
{
    /// <summary>Fewer questions take too little time to be measured.</summary>
    internal const int LeastQuestions = 8;

    // Questions of small batches take long, and some batches tell as much as all.
    private const int Batches = 4;

    private readonly StepProcess _ours;
    private readonly StepProcess _peer;
    private readonly CancellationToken _cancellationToken;

    /// <summary>Starts both.</summary>
    /// <param name="folder">Of <see cref="EvaluationFiles"/>.</param>
    /// <param name="node">Folder in which the packages of npm are installed, such as tests/node.</param>
    /// <param name="threads">Threads of a call.</param>
    /// <param name="cancellationToken">Cancels between two measurements.</param>
    /// <exception cref="InvalidOperationException">A process failed; the message holds what it printed.</exception>
    public EvaluationBench(string folder, string node, int threads, CancellationToken cancellationToken)
    {
        _cancellationToken = cancellationToken;
        _ours = StepProcess.Ours(AnswersCommand.Name, folder, $"{threads}");
        try
        {
            _peer = new("node", [Path.Combine(AppContext.BaseDirectory, "peers", "transformers_evaluate.mjs"), node, folder, $"{threads}", $"{AnswersCommand.NewTokens}"]);
        }
        catch
        {
            _ours.Dispose();
            throw;
        }
    }

    /// <summary>Compares the answers of both, which also warms them up.</summary>
    /// <param name="task">Name of the task.</param>
    /// <param name="questions">How many questions.</param>
    public EvaluationAgreement Compare(string task, int questions)
    {
        var request = new EvaluationRequest(task, questions, LeastQuestions, TellsAnswers: true);
        return EvaluationAgreement.Of(task, Ask(_ours, request), Ask(_peer, request));
    }

    /// <summary>Has both answer.</summary>
    /// <param name="task">Name of the task.</param>
    /// <param name="hasChoices">Whether it has choices, whose prompt the peer can share.</param>
    /// <param name="questions">Most questions; of small batches fewer are answered.</param>
    /// <param name="batchSize">Most questions answered together.</param>
    /// <param name="rounds">How often.</param>
    public EvaluationTimes Measure(string task, bool hasChoices, int questions, int batchSize, int rounds)
    {
        var request = new EvaluationRequest(task, Math.Min(questions, Math.Max(LeastQuestions, Batches * batchSize)), batchSize);
        var (ours, peer, sharing) = (new List<double>(), new List<double>(), new List<double>());
        for (var round = 0; round < rounds; round++)
        {
            ours.Add(Ask(_ours, request).Seconds);
            peer.Add(Ask(_peer, request).Seconds);
            if (hasChoices)
            {
                sharing.Add(Ask(_peer, request with { SharesPrompts = true }).Seconds);
            }
        }

        return new(task, request.Questions, batchSize, ours, peer, sharing);
    }

    /// <summary>Ends both.</summary>
    public void Dispose()
    {
        _ours.Dispose();
        _peer.Dispose();
    }

    private EvaluationReply Ask(StepProcess process, EvaluationRequest request)
    {
        _cancellationToken.ThrowIfCancellationRequested();
        return process.Step(JsonSerializer.Serialize(request)).Deserialize<EvaluationReply>()!;
    }
}
