using System.Diagnostics;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;
using static PauseOnnx.Tests.Support.Streams;

namespace PauseOnnx.Tests.Runtime;

/// <summary>One model under load: many generations at once, of every kind, cancelled at random, each equal to the same alone.</summary>
[TestFixture(ExportTarget.Portable, 10_000)]
[TestFixture(ExportTarget.SharedCache, 2_500)]
[Category("Slow")]
public sealed class SoakTests(ExportTarget target, int generations) : IDisposable
{
    private const int AtOnce = 64;
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    private static readonly string[] Prompts = ["a", "hello", "jam", "kind", "nope man", "fad cab bag"];

    private static readonly GenerationOptions[] OptionSets =
    [
        new() { MaxNewTokens = 8, StopTokens = [] },
        new() { MaxNewTokens = 12, Temperature = 1.5, Seed = 3 },
        new() { MaxNewTokens = 6, Temperature = 0.8, TopK = 5, TopP = 0.9, MinP = 0.01, Seed = 4 },
        new() { MaxNewTokens = 10, RepetitionPenalty = 1.3, FrequencyPenalty = 0.5, PresencePenalty = 0.2, LogProbs = 2 },
        new() { MaxNewTokens = 9, StopStrings = ["ab", "e"], LogitBias = new Dictionary<int, float> { [2] = 1.5f } },
        new() { MaxNewTokens = 5, BeamWidth = 3, NumReturnSequences = 2 },
        new() { MaxNewTokens = 7, NumReturnSequences = 3, Temperature = 2, Seed = 8 },
        new() { MaxNewTokens = 110, StopTokens = [], WhenContextFull = ContextPolicy.Slide },
    ];

    private readonly RuntimeModel _tiny = new(TinyCheckpoint.Configs["llama"] with { HeadDim = 8 }, isDynamic: false, o => o with { Target = target });

    private delegate Task<string> Job(IReadOnlyList<ILogitsProcessor> processors, CancellationToken cancellationToken);

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task Model_ThousandsOfGenerationsAtOnce_GivesEachItsAnswerAndKeepsItsMemory()
    {
        using var model = PauseModel.Load(_tiny.Folder, new() { IntraOpThreads = 1 });
        var jobs = Jobs(model);
        var alone = new string[jobs.Count];
        for (var i = 0; i < alone.Length; i++)
        {
            alone[i] = await jobs[i]([], CancellationToken.None);
        }

        var clock = Stopwatch.StartNew();
        await RunAsync(jobs, alone, generations / 5, seed: 1);
        var before = ResidentBytes();
        var cancelled = await RunAsync(jobs, alone, generations * 4 / 5, seed: 2);
        var growth = ResidentBytes() - before;
        TestContext.Out.WriteLine($"{generations} generations, {cancelled} of the last {generations * 4 / 5} cancelled, in {clock.Elapsed.TotalSeconds:0} s; resident memory grew by {growth >> 20} MB");
        Assert.That(cancelled, Is.GreaterThan(generations / 20), "too few were cancelled to mean anything");
        Assert.That(growth, Is.LessThan(48 << 20));
    }

    // Every prompt with every set of options, as stream, as batch, and as a conversation of two turns; and scores.
    private static List<Job> Jobs(PauseModel model)
    {
        var jobs = new List<Job>();
        foreach (var options in OptionSets)
        {
            jobs.Add(async (processors, token) => string.Join('|', (await model.GenerateBatchAsync(Prompts, options with { LogitsProcessors = processors }, token)).Select(c => c.Text)));
            foreach (var prompt in Prompts.Where(_ => options.NumReturnSequences == 1))
            {
                jobs.Add((processors, token) => TextAsync(model.GenerateAsync(prompt, options with { LogitsProcessors = processors }, token)));
                if (options.WhenContextFull == ContextPolicy.Stop && options.BeamWidth == 1)
                {
                    jobs.Add((processors, token) => TalkAsync(model, prompt, options with { LogitsProcessors = processors }, token));
                }
            }
        }

        ScoringRequest[] requests = [.. Prompts.Select(p => new ScoringRequest(p, "bad idea"))];
        jobs.Add(async (_, token) => string.Join('|', (await model.ScoreAsync(requests, null, token)).Select(s => $"{s.LogLikelihood:0.00}")));
        return jobs;
    }

    private static async Task<string> TalkAsync(PauseModel model, string prompt, GenerationOptions options, CancellationToken cancellationToken)
    {
        using var conversation = model.CreateConversation(new() { WhenFull = ContextPolicy.Slide });
        var first = await TextAsync(conversation.GenerateAsync(prompt, options, cancellationToken));
        using var fork = conversation.Fork();
        conversation.Rewind(conversation.Length / 2);
        return $"{first}|{await TextAsync(fork.GenerateAsync("and", options with { MaxNewTokens = 3 }, cancellationToken))}|{await TextAsync(conversation.GenerateAsync("o", options with { MaxNewTokens = 3 }, cancellationToken))}";
    }

    // The number that was cancelled before its end.
    private static async Task<int> RunAsync(List<Job> jobs, string[] alone, int count, int seed)
    {
        var cancelled = 0;
        using var limit = new CancellationTokenSource(Limit);
        await Parallel.ForAsync(0, count, new ParallelOptions { MaxDegreeOfParallelism = AtOnce, CancellationToken = limit.Token }, async (i, _) =>
        {
            var random = new Random((seed * count) + i);
            var job = random.Next(jobs.Count);
            using var cancellation = new CancellationTokenSource();
            IReadOnlyList<ILogitsProcessor> processors = random.Next(4) == 0 ? [new Cancellation(cancellation, random.Next(12))] : [];
            try
            {
                Assert.That(await jobs[job](processors, cancellation.Token), Is.EqualTo(alone[job]));
            }
            catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
            {
                Interlocked.Increment(ref cancelled);
            }
        });
        return cancelled;
    }

    /// <summary>Cancels when the given number of tokens has been chosen, wherever that is.</summary>
    private sealed class Cancellation(CancellationTokenSource source, int tokens) : ILogitsProcessor
    {
        private int _left = tokens;

        public void Process(LogitsContext context)
        {
            if (_left-- == 0)
            {
                source.Cancel();
            }
        }
    }

    private static long ResidentBytes()
    {
        GC.Collect();
        GC.WaitForPendingFinalizers();
        using var process = Process.GetCurrentProcess();
        return process.WorkingSet64;
    }
}
