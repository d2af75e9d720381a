using System.Text.Json;

namespace PauseOnnx.Benchmarks;

/// <summary>
/// Has a model answer questions in our process and in the peer's, in turn. Both load the same file once; the one that waits
/// takes no processor's time.
/// </summary>
internal sealed class EvaluationBench : IDisposable
{
    private readonly StepProcess _ours;
    private readonly StepProcess _peer;

    /// <summary>Starts both.</summary>
    /// <param name="folder">Of <see cref="EvaluationFiles"/>.</param>
    /// <param name="node">Folder in which the packages of npm are installed, such as tests/node.</param>
    /// <param name="threads">Threads of a call.</param>
    /// <exception cref="InvalidOperationException">A process failed; the message holds what it printed.</exception>
    public EvaluationBench(string folder, string node, int threads)
    {
        _ours = StepProcess.Ours(AnswersCommand.Name, folder, $"{threads}");
        _peer = new("node", [Path.Combine(AppContext.BaseDirectory, "peers", "transformers_evaluate.mjs"), node, folder, $"{threads}", $"{AnswersCommand.NewTokens}"]);
    }

    public EvaluationReply Ours(EvaluationRequest request) => Ask(_ours, request);

    public EvaluationReply Peer(EvaluationRequest request) => Ask(_peer, request);

    public void Dispose()
    {
        _ours.Dispose();
        _peer.Dispose();
    }

    private static EvaluationReply Ask(StepProcess process, EvaluationRequest request) =>
        process.Step(JsonSerializer.Serialize(request)).Deserialize<EvaluationReply>()!;
}
