using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;
using static PauseOnnx.Tests.Support.Streams;

namespace PauseOnnx.Tests.Runtime;

/// <summary>A conversation against plain loops over all its ids, whatever the form of the cache.</summary>
[TestFixture(ExportTarget.Portable, false)]
[TestFixture(ExportTarget.Standard, true)]
[TestFixture(ExportTarget.SharedCache, false)]
[TestFixture(ExportTarget.SharedCache, true)]
[TestFixture(ExportTarget.GenAI, false)]
public sealed class ConversationTests(ExportTarget target, bool isDynamic) : IDisposable
{
    private const int Pause = 20;

    private static readonly GenerationOptions FourTokens = new() { MaxNewTokens = 4, StopTokens = [], LogProbs = 0 };

    private readonly RuntimeModel _tiny = new(TinyCheckpoint.Configs["gpt2"] with { HeadDim = 8 }, isDynamic, o => o with { Target = target });

    // The graph insists on its own pauses before the first answer.
    private bool IsBakedAndShared => !_tiny.Model.CanChoosePauseCount;

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task GenerateTokensAsync_Turns_AreWhatComputingFromScratchGives([Values] PausePolicy policy)
    {
        if (IsBakedAndShared && policy == PausePolicy.None)
        {
            Assert.That(() => _tiny.Model.CreateConversation(new() { Pauses = policy }), Throws.ArgumentException.With.Message.StartsWith(
                "Pauses is None, but the graph has 4 baked in beside a shared cache; expected a graph exported with '--pause-count dynamic'"));
            return;
        }

        using var conversation = _tiny.Model.CreateConversation(new() { Pauses = policy });
        var expected = new List<int>();
        for (var turn = 0; turn < 4; turn++)
        {
            var text = RuntimeModel.Prompt(turn + 2, seed: turn);
            var pauses = policy == PausePolicy.EachTurn || (policy == PausePolicy.FirstTurn && turn == 0) ? 4 : 0;
            var answer = await ListAsync(conversation.GenerateTokensAsync(text, FourTokens));
            expected.AddRange([.. text, .. Enumerable.Repeat(Pause, pauses)]);
            expected.AddRange(ExpectGreedy(expected, answer));
            Assert.That(conversation.Ids, Is.EqualTo(expected));
            Assert.That(conversation.ComputedLength, Is.EqualTo(conversation.Length - 1), "the last token is computed by the next turn");
        }
    }

    [Test]
    public async Task GenerateAsync_Texts_AreThoseOfTheModel()
    {
        using var conversation = _tiny.Model.CreateConversation();
        var options = new GenerationOptions { MaxNewTokens = 6, StopTokens = [] };
        var text = await TextAsync(conversation.GenerateAsync("hello", options));
        Assert.That(text, Is.EqualTo((await _tiny.Model.GenerateBatchAsync(["hello"], options))[0].Text));
    }

    [Test]
    public async Task Rewind_ToAnyPoint_GoesOnAsIfTheRestHadNeverBeen()
    {
        using var conversation = _tiny.Model.CreateConversation();
        await ListAsync(conversation.GenerateTokensAsync(RuntimeModel.Prompt(3), FourTokens));
        await ListAsync(conversation.GenerateTokensAsync(RuntimeModel.Prompt(2, 5), FourTokens));
        int[] whole = [.. conversation.Ids];

        // 3 ids, 4 pauses, 4 answers, 2 ids, 4 pauses, 4 answers.
        foreach (var length in new[] { 20, 18, 17, 13, 11, 8, 7, 6, 5, 3, 2, 0 })
        {
            conversation.Rewind(0);
            conversation.Append(whole);
            await conversation.ComputeAsync();
            conversation.Rewind(length);
            Assert.That(conversation.Ids, Is.EqualTo(whole[..length]));
            var text = RuntimeModel.Prompt(3, 9);
            var answer = await ListAsync(conversation.GenerateTokensAsync(text, FourTokens));
            ExpectGreedy([.. whole[..length], .. text, Pause, Pause, Pause, Pause], answer);
        }
    }

    [Test]
    public async Task Fork_OfOneBeginning_GoesOnByItself()
    {
        using var beginning = _tiny.Model.CreateConversation();
        beginning.Append(RuntimeModel.Prompt(9));
        if (IsBakedAndShared)
        {
            beginning.AppendPauses();
        }

        await beginning.ComputeAsync();
        Assert.That(beginning.ComputedLength, Is.EqualTo(beginning.Length));
        int[] start = [.. beginning.Ids];
        using var one = beginning.Fork();
        using var other = beginning.Fork();
        Assert.That(one.ComputedLength, Is.EqualTo(start.Length));
        foreach (var (fork, seed) in new[] { (one, 1), (other, 2), (one, 3), (beginning, 4) })
        {
            int[] before = [.. fork.Ids];
            var text = RuntimeModel.Prompt(2, seed);
            ExpectGreedy([.. before, .. text, Pause, Pause, Pause, Pause], await ListAsync(fork.GenerateTokensAsync(text, FourTokens)));
        }
    }

    [Test]
    public async Task GenerateTokensAsync_NothingNew_GoesOnFromWhatIsThere()
    {
        using var conversation = _tiny.Model.CreateConversation(new() { Pauses = PausePolicy.FirstTurn });
        var first = await ListAsync(conversation.GenerateTokensAsync(RuntimeModel.Prompt(5), FourTokens));
        var second = await ListAsync(conversation.GenerateTokensAsync("", FourTokens));
        Assert.That(first.Concat(second).Select(t => t.Id), Is.EqualTo(_tiny.PlainGreedy(RuntimeModel.Prompt(5), 8)));

        // Of what is computed to the last token, that one is computed again.
        await conversation.ComputeAsync();
        int[] all = [.. conversation.Ids];
        ExpectGreedy([.. all], await ListAsync(conversation.GenerateTokensAsync("", FourTokens)));
    }

    [Test]
    public async Task GenerateTokensAsync_Cancelled_KeepsWhatWasProducedAndGoesOn()
    {
        using var conversation = _tiny.Model.CreateConversation();
        using var cancellation = new CancellationTokenSource();
        Assert.That(
            async () =>
            {
                await foreach (var _ in conversation.GenerateTokensAsync(RuntimeModel.Prompt(4), FourTokens, cancellation.Token))
                {
                    await cancellation.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>());
        int[] ids = [.. conversation.Ids];
        Assert.That(ids, Has.Length.EqualTo(9));
        var text = RuntimeModel.Prompt(2);
        ExpectGreedy([.. ids, .. text, Pause, Pause, Pause, Pause], await ListAsync(conversation.GenerateTokensAsync(text, FourTokens)));
    }

    [Test]
    public async Task GenerateTokensAsync_ContextFull_StopsOrSlides()
    {
        using var stopping = _tiny.Model.CreateConversation(new() { MaxLength = 16 });
        var options = FourTokens with { MaxNewTokens = 30 };
        var tokens = await ListAsync(stopping.GenerateTokensAsync(RuntimeModel.Prompt(6), options));
        Assert.That(tokens.Select(t => t.Id), Is.EqualTo(_tiny.PlainGreedy(RuntimeModel.Prompt(6), 7)));
        Assert.That(tokens[^1].FinishReason, Is.EqualTo(FinishReason.ContextEnd));
        Assert.That(() => stopping.Append([1, 2]), Throws.ArgumentException.With.Message.EqualTo(
            "The conversation has 17 tokens and is to get 2, with 0 pauses; expected at most 16 together: rewind it, or create it with WhenFull Slide."));

        using var sliding = _tiny.Model.CreateConversation(new() { MaxLength = 16, WhenFull = ContextPolicy.Slide });
        tokens = await ListAsync(sliding.GenerateTokensAsync(RuntimeModel.Prompt(6), options));
        Assert.That(tokens, Has.Count.EqualTo(30));
        Assert.That(sliding.Length, Is.LessThanOrEqualTo(17));

        // After the seventh token: 6 ids, 4 pauses, 7 tokens, of which 6 stay before 4 pauses.
        int[] first = [.. tokens.Take(7).Select(t => t.Id)];
        ExpectGreedy([.. first[1..], Pause, Pause, Pause, Pause], [.. tokens.Skip(7).Take(7)]);
        await ListAsync(sliding.GenerateTokensAsync(RuntimeModel.Prompt(8), options));
        Assert.That(() => sliding.Append(new int[17]), Throws.ArgumentException);
    }

    [Test]
    public async Task Conversation_UsedDuringAnAnswer_RefusesAndDisposesLater()
    {
        var conversation = _tiny.Model.CreateConversation();
        await using (var tokens = conversation.GenerateTokensAsync(RuntimeModel.Prompt(4), FourTokens).GetAsyncEnumerator())
        {
            Assert.That(await tokens.MoveNextAsync(), Is.True);
            Assert.That(() => conversation.Append([1]), Throws.InvalidOperationException.With.Message.StartsWith("The conversation is writing an answer"));
            Assert.That(conversation.Fork, Throws.InvalidOperationException);
            conversation.Dispose();
            Assert.That(await tokens.MoveNextAsync(), Is.True, "an answer that has begun goes on");
        }

        Assert.That(() => conversation.Append([1]), Throws.InstanceOf<ObjectDisposedException>());
        conversation.Dispose();
    }

    [Test]
    public async Task GenerateTokensAsync_NoDelayOfTheGraphsLength_IsRefusedWhereTheGraphInsists()
    {
        using var conversation = _tiny.Model.CreateConversation(new() { Pauses = PausePolicy.FirstTurn });
        await ListAsync(conversation.GenerateTokensAsync(RuntimeModel.Prompt(3), FourTokens));
        conversation.Rewind(0);
        conversation.Append(RuntimeModel.Prompt(3));
        var compute = conversation.ComputeAsync;
        if (IsBakedAndShared)
        {
            Assert.That(async () => await compute(default), Throws.InvalidOperationException.With.Message.StartsWith("The conversation has nowhere 4 pauses in a row"));
        }
        else
        {
            await compute(default);
            Assert.That(conversation.ComputedLength, Is.EqualTo(3));
        }
    }

    [Test]
    public void Conversation_BadInput_IsRefused()
    {
        using var conversation = _tiny.Model.CreateConversation();
        Assert.That(() => conversation.Rewind(1), Throws.InstanceOf<ArgumentOutOfRangeException>());
        Assert.That(() => conversation.Append([21]), Throws.ArgumentException.With.Message.EqualTo("The text holds the id 21; expected ids from 0 to 20."));
        Assert.That(() => conversation.GenerateAsync("a", new() { NumReturnSequences = 2 }), Throws.ArgumentException.With.Message.StartsWith("NumReturnSequences is 2, but a stream has one answer"));
        Assert.That(() => _tiny.Model.CreateConversation(new() { MaxLength = 97, Pauses = (PausePolicy)9 }), Throws.ArgumentException.With.Message.StartsWith(
            "Pauses is 9; expected one of EachTurn, FirstTurn, None; MaxLength is 97; expected 1 to 96"));
    }

    // Every token is the plain model's choice; the ids given back.
    private int[] ExpectGreedy(IReadOnlyList<int> before, IReadOnlyList<GeneratedToken> tokens)
    {
        int[] ids = [.. tokens.Select(t => t.Id)];
        var rows = _tiny.Plain.Logits([.. before, .. ids[..^1]])[(before.Count - 1)..];
        Assert.That(rows.Select(row => Array.IndexOf(row, row.Max())), Is.EqualTo(ids));
        Assert.That(tokens.Select(t => t.LogProb!.Value), Is.EqualTo(rows.Zip(ids, (row, id) => row[id] - Math.Log(row.Sum(Math.Exp)))).Within(1e-4));
        return ids;
    }
}
