using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

/// <summary>Likelihoods against plain loops.</summary>
[TestFixture(ExportTarget.Standard, LogitsOf.Delayed)]
[TestFixture(ExportTarget.Standard, LogitsOf.Last)]
[TestFixture(ExportTarget.Portable, LogitsOf.All)]
[TestFixture(ExportTarget.SharedCache, LogitsOf.Delayed)]
public sealed class ScoringTests(ExportTarget target, LogitsOf logits) : IDisposable
{
    private static readonly ScoringRequest[] Requests =
    [
        new("hello", "a"), new("hello", "bcd"), new("hello", "ok"), new("a", "bcdefghij"), new("jam", "e"), new("hello man", "in a dam man"), new("hello", "bcd"),
    ];

    private readonly RuntimeModel _tiny = new(TinyCheckpoint.Configs["llama"] with { HeadDim = 8 }, isDynamic: false, o => o with { Target = target, Logits = logits });

    public void Dispose() => _tiny.Dispose();

    [TestCase(1)]
    [TestCase(3)]
    [TestCase(16)]
    public async Task ScoreAsync_Requests_AreScoredInTheirOrder(int batchSize)
    {
        var scores = await _tiny.Model.ScoreAsync(Requests, new() { BatchSize = batchSize });
        foreach (var (request, score) in Requests.Zip(scores))
        {
            ExpectPlain(request, score, RuntimeModel.PauseCount);
        }

        Assert.That(scores[1].TokenLogProbs, Is.EqualTo(scores[6].TokenLogProbs).Within(1e-5));
    }

    [Test]
    public async Task ScoreAsync_MoreContinuationsThanACallTakes_AreScoredWithTheirOwnPrompts()
    {
        // 40 continuations of 1 to 8 tokens after five prompts, in an order of their own.
        ScoringRequest[] requests = [.. Enumerable.Range(0, 40).Select(i => new ScoringRequest("hello man"[..(1 + (i * 3 % 5))], "in a dam"[..(1 + (i * 5 % 8))]))];
        foreach (var (request, score) in requests.Zip(await _tiny.Model.ScoreAsync(requests, new() { BatchSize = 64 })))
        {
            ExpectPlain(request, score, RuntimeModel.PauseCount);
        }
    }

    [Test]
    public async Task ScoreAsync_GreedyAnswer_IsFoundToBeGreedy()
    {
        var answer = (await _tiny.Model.GenerateBatchAsync(["hello"], new() { MaxNewTokens = 5, StopTokens = [], LogProbs = 0, LogitBias = new Dictionary<int, float> { [16] = -99, [17] = -99, [19] = -99 } }))[0];
        var score = (await _tiny.Model.ScoreAsync([new("hello", answer.Text), new("hello", answer.Text + "abc")]));
        Assert.That(score[0].TokenLogProbs, Is.EqualTo(answer.LogProbs!).Within(1e-4));
        Assert.That(score[1].TokenLogProbs.Take(5), Is.EqualTo(answer.LogProbs!).Within(1e-4));
        Assert.That(score[1].IsGreedy, Is.False);
    }

    [Test]
    public async Task ScoreAsync_ContinuationsUpToTheContext_FitThoughNeighboursAreShort()
    {
        // 96 positions: 60 + 4 pauses + 33, of which the last needs none; its neighbours begin later and would go beyond when filled up.
        ScoringRequest[] requests = [new(new string('a', 60), new string('b', 33)), new(new string('c', 80), "b"), new("c", new string('d', 92))];
        foreach (var (request, score) in requests.Zip(await _tiny.Model.ScoreAsync(requests)))
        {
            ExpectPlain(request, score, RuntimeModel.PauseCount);
        }
    }

    [Test]
    public async Task ScoreAsync_OtherPauseCount_IsTheOneUsedWhereTheGraphAllowsIt()
    {
        if (_tiny.Model.CanChoosePauseCount)
        {
            ExpectPlain(Requests[1], (await _tiny.Model.ScoreAsync([Requests[1]], new() { PauseCount = 2 }))[0], 2);
        }
        else
        {
            Assert.That(() => _tiny.Model.ScoreAsync(Requests, new() { PauseCount = 2 }), Throws.ArgumentException.With.Message.StartsWith("PauseCount is 2, but the graph has 4 baked in beside a shared cache"));
        }
    }

    [Test]
    public void ScoreAsync_BadRequests_AreReportedTogether()
    {
        Assert.That(() => _tiny.Model.ScoreAsync([new("", "a"), new("a", ""), new(new string('a', 50), new string('b', 44))]), Throws.ArgumentException.With.Message.EqualTo(
            "Request 1 of 3: the prompt is empty; expected at least one token; Request 2 of 3: the continuation is empty; expected at least one token; "
            + "Request 3 of 3: the prompt has 50 tokens and its continuation 44, with 4 pauses 98; expected at most 97, the model's context."));
        Assert.That(() => _tiny.Model.ScoreAsync([new("a", "b")], new() { BatchSize = 0 }), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(async () => await _tiny.Model.ScoreAsync(Requests, null, new CancellationToken(canceled: true)), Throws.InstanceOf<OperationCanceledException>());
    }

    [Test]
    public async Task ScoreTokensAsync_PausesInThePrompt_AreReadLikeOtherTokens()
    {
        TokenScoringRequest[] requests = [new([20, 20, 3, 4], [5, 6]), new([7], [1]), new([20, 20, 3, 4], [8])];
        var scores = await _tiny.Model.ScoreTokensAsync(requests);
        foreach (var (request, score) in requests.Zip(scores))
        {
            ExpectPlain(request, score, RuntimeModel.PauseCount);
        }
    }

    [Test]
    public void ScoreTokensAsync_IdsThatTheModelCannotReadOrSay_AreNamed() =>
        Assert.That(() => _tiny.Model.ScoreTokensAsync([new([1, 21], [2]), new([1], [2, 20])]), Throws.ArgumentException.With.Message.EqualTo(
            "Request 1 of 2: the prompt holds the id 21; expected ids from 0 to 20; Request 2 of 2: the continuation holds the id 20; expected ids from 0 to 19."));

    private void ExpectPlain(ScoringRequest request, ContinuationScore score, int pauseCount)
    {
        ExpectPlain(new TokenScoringRequest(_tiny.Model.Tokenizer.Encode(request.Prompt), _tiny.Model.Tokenizer.Encode(request.Continuation)), score, pauseCount);
    }

    private void ExpectPlain(TokenScoringRequest request, ContinuationScore score, int pauseCount)
    {
        var (prompt, continuation) = request;
        var rows = _tiny.Plain.DelayedLogits(prompt, pauseCount, continuation[..^1]);
        var expected = rows.Zip(continuation, (row, id) => row[id] - Math.Log(row.Sum(Math.Exp))).ToList();
        Assert.That(score.TokenLogProbs, Is.EqualTo(expected).Within(1e-4));
        Assert.That(score.LogLikelihood, Is.EqualTo(expected.Sum()).Within(1e-3));
        Assert.That(score.TokenCount, Is.EqualTo(continuation.Length));
        Assert.That(score.IsGreedy, Is.EqualTo(rows.Zip(continuation, (row, id) => row.Max() == row[id]).All(b => b)));
    }
}
