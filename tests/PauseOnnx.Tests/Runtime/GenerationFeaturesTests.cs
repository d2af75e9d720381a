using NUnit.Framework;
using PauseOnnx.Model;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;
using static PauseOnnx.Tests.Support.Streams;

namespace PauseOnnx.Tests.Runtime;

/// <summary>Stop strings, log-probabilities, several answers, and a context that slides.</summary>
public sealed class GenerationFeaturesTests : IDisposable
{
    private static readonly GenerationOptions TwentyTokens = new() { MaxNewTokens = 20, StopTokens = [] };

    private readonly RuntimeModel _tiny = new("gpt2");

    private PauseModel Model => _tiny.Model;

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task StopStrings_OverSeveralTokens_EndTheTextBeforeThem()
    {
        var whole = (await Model.GenerateBatchAsync(["hello"], TwentyTokens))[0].Text;
        for (var start = 0; start + 3 <= whole.Length; start++)
        {
            // Tokens are single characters.
            var stop = whole.Substring(start, 3);
            var expected = whole[..whole.IndexOf(stop, StringComparison.Ordinal)];
            var options = TwentyTokens with { StopStrings = ["zzz", stop] };
            var tokens = await ListAsync(Model.GenerateTokensAsync("hello", options));
            Assert.That(string.Concat(tokens.Select(t => t.Text)), Is.EqualTo(expected));
            Assert.That(tokens[^1].FinishReason, Is.EqualTo(FinishReason.StopString));
            Assert.That((await Model.GenerateBatchAsync(["hello"], options))[0].Text, Is.EqualTo(expected));
        }
    }

    [Test]
    public void StopStrings_OfAGenerator_EndIt()
    {
        var stop = Model.Tokenizer.Decode(_tiny.PlainGreedy(Model.Tokenizer.Encode("hello"), 3));
        using var generator = Model.CreateGenerator([Model.Tokenizer.Encode("hello")], TwentyTokens with { StopStrings = [stop] });
        while (generator.Step())
        {
        }

        Assert.That(generator.GetIds(0), Has.Count.EqualTo(3));
        Assert.That(generator.GetFinishReason(0), Is.EqualTo(FinishReason.StopString));
    }

    [Test]
    public async Task Text_SurrogatePairOverThreeTokens_ComesWhole()
    {
        // The bytes F0 9F, 98 and 80, in byte-level BPE's alphabet, then a letter.
        using var folder = new TemporaryFolder();
        var copy = _tiny.CopyTo(folder["model"]);
        TokenizerFiles.Write(copy, ["a", "ð\u0141", "ĺ", "\u0122", .. "efghijklmnopqrs".Select(c => $"{c}")], []);
        using var model = PauseModel.Load(copy);
        var options = new GenerationOptions { MaxNewTokens = 4, LogitsProcessors = [new Dictation([1, 2, 3, 0])] };
        var tokens = await ListAsync(model.GenerateTokensAsync("a", options));
        Assert.That(tokens.Select(t => t.Text), Is.EqualTo(["", "", "\U0001F600", "a"]));

        // A stop string of that character, and one that an incomplete character at the end completes.
        tokens = await ListAsync(model.GenerateTokensAsync("a", options with { StopStrings = ["\U0001F600"] }));
        Assert.That(tokens.Select(t => t.Text), Is.EqualTo(["", "", ""]));
        tokens = await ListAsync(model.GenerateTokensAsync("a", options with { MaxNewTokens = 2 }));
        Assert.That(tokens.Select(t => t.Text), Is.EqualTo(["", "\uFFFD"]));
        tokens = await ListAsync(model.GenerateTokensAsync("a", options with { MaxNewTokens = 2, StopStrings = ["\uFFFD"] }));
        Assert.That(tokens.Select(t => t.Text), Is.EqualTo(["", ""]));
    }

    [Test]
    public async Task LogProbs_AreTheModelsOwn_WhateverChoosesTheToken()
    {
        var options = new GenerationOptions { MaxNewTokens = 5, StopTokens = [], LogProbs = 3, Temperature = 3, Seed = 1, FrequencyPenalty = 1, LogitBias = new Dictionary<int, float> { [4] = 2 } };
        var answer = (await Model.GenerateBatchAsync(["hello"], options))[0];
        var rows = _tiny.Plain.DelayedLogits(Model.Tokenizer.Encode("hello"), RuntimeModel.PauseCount, [.. answer.Ids.SkipLast(1)]);
        foreach (var (row, id, logProb, top) in rows.Zip(answer.Ids, answer.LogProbs!).Zip(answer.TopLogProbs!, (a, top) => (a.First, a.Second, a.Third, top)))
        {
            var expected = row.Select(x => x - Math.Log(row.Sum(Math.Exp))).ToArray();
            Assert.That(logProb, Is.EqualTo(expected[id]).Within(1e-4));
            Assert.That(top.Select(t => t.Id), Is.EqualTo(Enumerable.Range(0, 20).OrderByDescending(i => expected[i]).Take(3)));
            Assert.That(top.Select(t => t.LogProb), Is.EqualTo(expected.OrderDescending().Take(3)).Within(1e-4));
        }

        var tokens = await ListAsync(Model.GenerateTokensAsync("hello", options));
        Assert.That(tokens.Select(t => t.LogProb), Is.EqualTo(answer.LogProbs));
        Assert.That(tokens.Select(t => t.TopLogProbs), Is.EqualTo(answer.TopLogProbs));
        Assert.That(tokens.Select(t => t.Elapsed), Is.Ordered);
        Assert.That((await Model.GenerateBatchAsync(["hello"], TwentyTokens))[0].LogProbs, Is.Null);
    }

    [Test]
    public async Task NumReturnSequences_Greedy_AreTheSameAndSampled_Differ()
    {
        var greedy = await Model.GenerateBatchAsync(["hello", "ab"], TwentyTokens with { NumReturnSequences = 3 });
        Assert.That(greedy.Select(c => c.Text).Distinct().Count(), Is.EqualTo(2));
        Assert.That(greedy.Take(3).Select(c => c.Text), Is.All.EqualTo((await Model.GenerateBatchAsync(["hello"], TwentyTokens))[0].Text));
        Assert.That(greedy.Select(c => c.PromptTokens), Is.EqualTo([5, 5, 5, 2, 2, 2]));
        var sampled = await Model.GenerateBatchAsync(["hello"], TwentyTokens with { NumReturnSequences = 4, Temperature = 2, Seed = 5 });
        Assert.That(sampled.Select(c => c.Text).Distinct().Count(), Is.EqualTo(4));
        Assert.That(() => Model.GenerateAsync("a", new() { NumReturnSequences = 2 }), Throws.ArgumentException);
    }

    [Test]
    public void Generator_MostSequencesEnded_GoesOnWithTheRestAlone()
    {
        // One stops after one token, one after a few, one goes on: rows leave twice.
        int[][] prompts = [RuntimeModel.Prompt(3), RuntimeModel.Prompt(9), RuntimeModel.Prompt(5), RuntimeModel.Prompt(4)];
        var whole = prompts.Select(p => _tiny.PlainGreedy(p, 30)).ToArray();
        foreach (var stop in whole.SelectMany(ids => ids).Distinct())
        {
            var found = _tiny.Generate(prompts, new() { MaxNewTokens = 30, StopTokens = [stop] });
            Assert.That(found, Is.EqualTo(whole.Select(ids => Array.IndexOf(ids, stop) is >= 0 and var end ? ids[..(end + 1)] : ids)));
        }
    }

    [Test]
    public void Slide_FullContext_GoesOnFromTheNewerHalfAsAPrompt()
    {
        // 96 positions with 4 pauses: of 93 tokens, 46 stay.
        int[][] prompts = [RuntimeModel.Prompt(80), RuntimeModel.Prompt(10), RuntimeModel.Prompt(85)];
        var found = _tiny.Generate(prompts, new() { MaxNewTokens = 100, StopTokens = [], WhenContextFull = ContextPolicy.Slide });
        foreach (var (prompt, ids) in prompts.Zip(found))
        {
            var expected = new List<int>();
            var window = prompt;
            while (expected.Count < 100)
            {
                var room = Math.Min(96 - 4 - window.Length + 1, 100 - expected.Count);
                expected.AddRange(_tiny.PlainGreedy(window, room));
                int[] all = [.. prompt, .. expected];
                window = all[^46..];
            }

            Assert.That(ids, Is.EqualTo(expected));
        }
    }

    /// <summary>Makes the model say given tokens.</summary>
    private sealed class Dictation(int[] ids) : ILogitsProcessor
    {
        public void Process(LogitsContext context)
        {
            context.Logits.Fill(float.NegativeInfinity);
            context.Logits[ids[context.Produced.Length]] = 0;
        }
    }
}
