using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Runtime;

[TestFixture(ExportTarget.Portable)]
[TestFixture(ExportTarget.SharedCache)]
public sealed class BeamSearchTests(ExportTarget target) : IDisposable
{
    private readonly RuntimeModel _tiny = new(TinyCheckpoint.Configs["llama"] with { HeadDim = 8 }, isDynamic: false, o => o with { Target = target });

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task GenerateBatchAsync_BeamsAsManyAsTokens_FindTheBestOfAllAnswers()
    {
        // With V = 20 beams, every pair of first two tokens is weighed.
        var answers = await _tiny.Model.GenerateBatchAsync(["ab", "hello"], new() { BeamWidth = 20, NumReturnSequences = 3, MaxNewTokens = 2, StopTokens = [], LogProbs = 0 });
        Assert.That(answers, Has.Count.EqualTo(6));
        foreach (var (prompt, found) in new[] { "ab", "hello" }.Zip(answers.Chunk(3)))
        {
            var best = AllAnswers(_tiny.Model.Tokenizer.Encode(prompt), 2, []).OrderByDescending(a => a.Sum).Take(3).ToList();
            Assert.That(found.Select(f => f.Ids), Is.EqualTo(best.Select(b => b.Ids)));
            Assert.That(found.Select(f => f.LogProbs!.Sum()), Is.EqualTo(best.Select(b => b.Sum)).Within(1e-4));
            Assert.That(found.Select(f => f.FinishReason), Is.All.EqualTo(FinishReason.MaxNewTokens));
            Assert.That(found[0].Text, Is.EqualTo(_tiny.Model.Tokenizer.Decode(best[0].Ids)));
        }
    }

    [Test]
    public async Task GenerateBatchAsync_StopTokens_AreWeighedByTheirMean()
    {
        int[] stops = [3, 8, 15];
        var found = (await _tiny.Model.GenerateBatchAsync(["hello"], new() { BeamWidth = 20, MaxNewTokens = 2, StopTokens = stops, LogProbs = 0 }))[0];
        var best = AllAnswers(_tiny.Model.Tokenizer.Encode("hello"), 2, stops).MaxBy(a => a.Sum / a.Ids.Length);
        Assert.That(found.Ids, Is.EqualTo(best.Ids));
        Assert.That(found.FinishReason, Is.EqualTo(stops.Contains(best.Ids[^1]) ? FinishReason.StopToken : FinishReason.MaxNewTokens));
    }

    [Test]
    public async Task GenerateBatchAsync_Beams_AreNeverWorseThanTheGreedyAnswer()
    {
        foreach (var prompt in new[] { "abc", "hello", "nope" })
        {
            var options = new GenerationOptions { MaxNewTokens = 12, StopTokens = [], LogProbs = 0 };
            var greedy = (await _tiny.Model.GenerateBatchAsync([prompt], options))[0];
            var beams = (await _tiny.Model.GenerateBatchAsync([prompt], options with { BeamWidth = 4 }))[0];
            Assert.That(beams.LogProbs!.Sum(), Is.GreaterThanOrEqualTo(greedy.LogProbs!.Sum() - 1e-4));
            var scored = (await _tiny.Model.ScoreAsync([new(prompt, "a")]))[0];
            Assert.That(scored.TokenCount, Is.EqualTo(1));
        }
    }

    [Test]
    public async Task GenerateTokensAsync_Beams_GivesTheBestAnswerAtTheEnd()
    {
        var options = new GenerationOptions { MaxNewTokens = 6, BeamWidth = 3, LogProbs = 0 };
        var best = (await _tiny.Model.GenerateBatchAsync(["hello"], options))[0];
        var tokens = new List<GeneratedToken>();
        await foreach (var token in _tiny.Model.GenerateTokensAsync("hello", options))
        {
            tokens.Add(token);
        }

        Assert.That(tokens.Select(t => t.Id), Is.EqualTo(best.Ids));
        Assert.That(tokens.Select(t => t.LogProb), Is.EqualTo(best.LogProbs));
        Assert.That(string.Concat(tokens.Select(t => t.Text)), Is.EqualTo(best.Text));
        Assert.That(tokens[^1].FinishReason, Is.EqualTo(best.FinishReason));
    }

    [Test]
    public async Task GenerateBatchAsync_BeamsThatFillTheContext_EndThere()
    {
        var found = (await _tiny.Model.GenerateBatchAsync([new string('a', 90)], new() { BeamWidth = 3, StopTokens = [], MaxNewTokens = 9 }))[0];
        Assert.That((found.Ids.Count, found.FinishReason), Is.EqualTo((3, FinishReason.ContextEnd)));
    }

    [Test]
    public void CreateGenerator_Beams_AreRefused() =>
        Assert.That(() => _tiny.Model.CreateGenerator([[1]], new() { BeamWidth = 2 }), Throws.ArgumentException.With.Message.EqualTo(
            "BeamWidth is 2, but a search has no tokens before its end; expected 1, or GenerateBatchAsync."));

    private IEnumerable<(int[] Ids, double Sum)> AllAnswers(int[] prompt, int length, int[] stops)
    {
        double[] LogProbs(int[] next)
        {
            var row = _tiny.Plain.DelayedLogits(prompt, RuntimeModel.PauseCount, next)[^1];
            var logSum = Math.Log(row.Sum(Math.Exp));
            return [.. row.Select(x => x - logSum)];
        }

        IEnumerable<(int[] Ids, double Sum)> Longer(int[] ids, double sum) => LogProbs(ids).SelectMany((logProb, id) =>
            ids.Length + 1 == length || stops.Contains(id) ? [([.. ids, id], sum + logProb)] : Longer([.. ids, id], sum + logProb));

        return Longer([], 0);
    }
}
