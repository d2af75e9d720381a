using Microsoft.Extensions.AI;
using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Extensions.AI;
using PauseOnnx.Model;
using PauseOnnx.Model.Chat;
using PauseOnnx.Runtime;
using PauseOnnx.Tests.Support;

namespace PauseOnnx.Tests.Extensions.AI;

[TestFixture(ExportTarget.Portable, false)]
[TestFixture(ExportTarget.SharedCache, false)]
[TestFixture(ExportTarget.SharedCache, true)]
public sealed class PauseChatClientTests(ExportTarget target, bool isDynamic) : IDisposable
{
    private static readonly string[] Questions = ["abc", "de", "fgh ij", "k"];

    private readonly ChatModel _tiny = new(target, isDynamic);

    public void Dispose() => _tiny.Dispose();

    [Test]
    public async Task GetResponseAsync_TurnsOfAChat_AnswersAsFromScratch([Values] PausePolicy policy)
    {
        if (!_tiny.Model.CanChoosePauseCount && policy != PausePolicy.EachTurn)
        {
            Assert.That(() => _tiny.Client(pauses: policy), Throws.ArgumentException.With.Message.StartsWith($"Pauses is {policy}, but the graph has 4 baked in beside a shared cache"));
            return;
        }

        using var keeping = _tiny.Client(pauses: policy);
        using var forgetting = _tiny.Client(maxIdle: 0, pauses: policy);
        var chat = new List<ChatMessage> { new(ChatRole.System, "p") };
        for (var turn = 0; turn < Questions.Length; turn++)
        {
            chat.Add(new(ChatRole.User, Questions[turn]));
            var (kept, scratch) = (await keeping.GetResponseAsync(chat), await forgetting.GetResponseAsync(chat));
            Assert.That(kept.Text, Is.EqualTo(scratch.Text));
            Assert.That(kept.Usage!.CachedInputTokenCount, turn == 0 ? Is.Zero : Is.GreaterThan(chat.Take(chat.Count - 2).Sum(m => m.Text.Length)));
            Assert.That(scratch.Usage!.CachedInputTokenCount, Is.Zero);
            var pauses = policy switch { PausePolicy.EachTurn => 4 * (turn + 1), PausePolicy.FirstTurn => 4, _ => 0 };
            Assert.That(kept.Usage.AdditionalCounts![PauseChatClient.PauseTokenCount], Is.EqualTo(pauses));
            chat.AddRange(kept.Messages);
        }
    }

    [Test]
    public async Task GetResponseAsync_AChat_AnswersAsTheModelDoesToItsIds()
    {
        using var client = _tiny.Client();
        var response = await client.GetResponseAsync([new(ChatRole.User, "abc")]);
        using var conversation = _tiny.Model.CreateConversation();
        var ids = new List<int>();
        await foreach (var token in conversation.GenerateTokensAsync(_tiny.Model.Tokenizer.Encode("n abc<|endoftext|>o "), ChatModel.Greedy))
        {
            ids.Add(token.Id);
        }

        Assert.That(response.Text, Is.EqualTo(_tiny.Model.Tokenizer.Decode(ids)));
        Assert.That(response.Messages.Single().Role, Is.EqualTo(ChatRole.Assistant));
        Assert.That((response.ModelId, response.FinishReason), Is.EqualTo(("tiny", (ChatFinishReason?)ChatFinishReason.Length)));
        Assert.That((response.Usage!.InputTokenCount, response.Usage.OutputTokenCount, response.Usage.TotalTokenCount), Is.EqualTo(((long?)8, (long?)6, (long?)14)));
    }

    [Test]
    public async Task GetStreamingResponseAsync_Updates_AreThoseOfOneMessage()
    {
        using var client = _tiny.Client();
        var updates = new List<ChatResponseUpdate>();
        await foreach (var update in client.GetStreamingResponseAsync([new(ChatRole.User, "abc")]))
        {
            updates.Add(update);
        }

        Assert.That(updates, Has.Count.GreaterThan(2));
        Assert.That(updates.Select(u => (u.Role, u.ResponseId, u.MessageId, u.ModelId)).Distinct().Count(), Is.EqualTo(1));
        Assert.That(updates.Select(u => u.FinishReason), Has.Exactly(1).Not.Null);
        var response = updates.ToChatResponse();
        Assert.That(response.Text, Is.EqualTo((await client.GetResponseAsync([new(ChatRole.User, "abc")])).Text));
        Assert.That(response.Usage!.OutputTokenCount, Is.EqualTo(6));
    }

    [Test]
    public async Task GetResponseAsync_StopSequence_EndsTheAnswerBeforeIt()
    {
        using var client = _tiny.Client();
        var whole = (await client.GetResponseAsync([new(ChatRole.User, "abc")])).Text;
        var response = await client.GetResponseAsync([new(ChatRole.User, "abc")], new() { StopSequences = [whole[2..3]] });
        Assert.That(response.Text, Is.EqualTo(whole[..whole.IndexOf(whole[2], StringComparison.Ordinal)]));
        Assert.That(response.FinishReason, Is.EqualTo(ChatFinishReason.Stop));
    }

    [Test]
    public async Task GetResponseAsync_Instructions_AreASystemMessage()
    {
        using var client = _tiny.Client();
        var instructed = await client.GetResponseAsync([new(ChatRole.User, "abc")], new() { Instructions = "dd" });
        var told = await client.GetResponseAsync([new(ChatRole.System, "dd"), new(ChatRole.User, "abc")]);
        Assert.That((instructed.Text, instructed.Usage!.InputTokenCount), Is.EqualTo((told.Text, told.Usage!.InputTokenCount)));
    }

    [Test]
    public async Task GetResponseAsync_FromSeveralThreads_AnswersEachChatAsAlone()
    {
        using var alone = _tiny.Client(maxIdle: 0);
        var expected = new List<string>();
        foreach (var question in Questions)
        {
            expected.Add((await alone.GetResponseAsync([new(ChatRole.User, question)])).Text);
        }

        using var shared = _tiny.Client(maxIdle: 2);
        var answers = await Task.WhenAll(Enumerable.Range(0, 32).Select(i => Task.Run(async () =>
            (await shared.GetResponseAsync([new(ChatRole.User, Questions[i % Questions.Length])])).Text)));
        Assert.That(answers, Is.EqualTo(Enumerable.Range(0, 32).Select(i => expected[i % Questions.Length])));
    }

    [Test]
    public async Task GetStreamingResponseAsync_LeftOrCancelled_LeavesTheClientUsable()
    {
        using var client = _tiny.Client(maxIdle: 1);
        var whole = (await client.GetResponseAsync([new(ChatRole.User, "abc")])).Text;
        await using (var early = client.GetStreamingResponseAsync([new(ChatRole.User, "abc")]).GetAsyncEnumerator())
        {
            Assert.That(await early.MoveNextAsync(), Is.True);
        }

        using var cancellation = new CancellationTokenSource();
        Assert.That(
            async () =>
            {
                await foreach (var _ in client.GetStreamingResponseAsync([new(ChatRole.User, "abc")], null, cancellation.Token))
                {
                    await cancellation.CancelAsync();
                }
            },
            Throws.InstanceOf<OperationCanceledException>());
        Assert.That((await client.GetResponseAsync([new(ChatRole.User, "abc")])).Text, Is.EqualTo(whole));
    }

    [Test]
    public async Task GetResponseAsync_PauseCountOfARequest_IsTakenOrRefused()
    {
        using var client = _tiny.Client();
        var options = new ChatOptions { AdditionalProperties = new() { ["pause_count"] = 2 } };
        if (!_tiny.Model.CanChoosePauseCount)
        {
            Assert.That(() => client.GetStreamingResponseAsync([new(ChatRole.User, "abc")], options), Throws.ArgumentException.With.Message.StartsWith("PauseCount is 2; expected 4, which the graph has baked in"));
            return;
        }

        var response = await client.GetResponseAsync([new(ChatRole.User, "abc")], options);
        Assert.That(response.Usage!.AdditionalCounts![PauseChatClient.PauseTokenCount], Is.EqualTo(2));
        options.AdditionalProperties["pause_count"] = -1;
        Assert.That(() => client.GetStreamingResponseAsync([new(ChatRole.User, "abc")], options), Throws.ArgumentException.With.Message.StartsWith("PauseCount is -1; expected 0 to 96"));
    }

    [Test]
    public void GetStreamingResponseAsync_BadRequest_IsRefusedAtOnce()
    {
        using var client = _tiny.Client();
        Assert.That(() => client.GetStreamingResponseAsync([]), Throws.ArgumentException.With.Message.StartsWith("There is no message"));
        Assert.That(() => client.GetStreamingResponseAsync([new(new ChatRole("critic"), "abc")]), Throws.TypeOf<ChatTemplateException>());
        Assert.That(() => client.GetStreamingResponseAsync([new(ChatRole.User, "zzz")]), Throws.TypeOf<FormatException>());
        Assert.That(async () => await client.GetResponseAsync([new(ChatRole.User, new string('a', 200))]), Throws.ArgumentException.With.Message.Contains("96"));
        Assert.That(async () => await client.GetResponseAsync([new(ChatRole.User, "abc")], new() { TopP = 2 }), Throws.ArgumentException.With.Message.Contains("TopP is 2"));
    }

    [Test]
    public void GetService_WhatItKnows_IsGiven()
    {
        using var client = _tiny.Client();
        Assert.That(client.GetService<ChatClientMetadata>(), Has.Property("DefaultModelId").EqualTo("tiny").And.Property("ProviderName").EqualTo("pauseonnx"));
        Assert.That(client.GetService<PauseModel>(), Is.SameAs(_tiny.Model));
        Assert.That(client.GetService<IChatClient>(), Is.SameAs(client));
        Assert.That(client.GetService<string>(), Is.Null);
        Assert.That(client.GetService(typeof(PauseModel), "key"), Is.Null);
    }

    [Test]
    public void Load_FolderWithoutATemplate_SaysWhatIsMissing()
    {
        using var folder = new TemporaryFolder();
        var model = TinyExport.Write(folder.Root, TinyCheckpoint.Configs["gpt2"], pauseCount: 4);
        Assert.That(() => PauseChatClient.Load(model), Throws.TypeOf<ModelFormatException>().With.Message.StartsWith("There is no chat template; expected 'chat_template' in tokenizer_config.json"));
    }

    [Test]
    public async Task Load_FolderThatChats_OwnsItsModel()
    {
        var client = PauseChatClient.Load(_tiny.Folder);
        Assert.That((await client.GetResponseAsync([new(ChatRole.User, "abc")])).Text, Is.Not.Empty);
        client.Dispose();
        Assert.That(async () => await client.GetResponseAsync([new(ChatRole.User, "abc")]), Throws.InstanceOf<ObjectDisposedException>());
    }

    [Test]
    public void Options_OutOfRange_AreRefusedTogether() =>
        Assert.That(
            () => new PauseChatClient(_tiny.Model, ChatTemplate.Parse(""), new() { MaxIdleConversations = -1, Pauses = (PausePolicy)7 }),
            Throws.ArgumentException.With.Message.StartsWith("MaxIdleConversations is -1; expected at least 0; Pauses is 7; expected EachTurn, FirstTurn or None"));
}
