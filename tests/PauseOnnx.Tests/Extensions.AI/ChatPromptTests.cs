using NUnit.Framework;
using PauseOnnx.Extensions.AI;
using PauseOnnx.Model.Chat;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Extensions.AI;

/// <summary>Where pauses stand in a chat.</summary>
public sealed class ChatPromptTests : IDisposable
{
    private static readonly ChatTemplateMessage[] Chat = [new("user", "a"), new("assistant", "b"), new("user", "c"), new("assistant", "d"), new("user", "e")];

    private readonly ChatModel _tiny = new();

    public void Dispose() => _tiny.Dispose();

    [TestCase(PausePolicy.EachTurn, "n a.o __b.n c.o __d.n e.o __", 6, 2)]
    [TestCase(PausePolicy.FirstTurn, "n a.o __b.n c.o d.n e.o ", 2, 0)]
    [TestCase(PausePolicy.None, "n a.o b.n c.o d.n e.o ", 0, 0)]
    public void Build_AChatOfSeveralTurns_PausesWhereItsAnswersBegin(PausePolicy policy, string expected, int count, int last) =>
        AssertIs(Build(ChatModel.Template, Chat, policy), expected, count, last);

    [Test]
    public void Build_FirstTurnOfAChat_PausesOnce() => AssertIs(Build(ChatModel.Template, Chat[..1], PausePolicy.FirstTurn), "n a.o __", 2, 2);

    // As templates do that show the last answer only, or number what they show.
    [Test]
    public void Build_TemplateThatWritesThePastOtherwise_PausesBeforeTheAnswerOnly() =>
        AssertIs(Build("{{ 'abcdefgh'[messages|length] }}{% for m in messages %}{{ m.content }}{% endfor %}o", Chat, PausePolicy.EachTurn), "fabcdeo__", 2, 2);

    [Test]
    public void Build_TemplateThatRefusesThePast_PausesBeforeTheAnswerOnly() =>
        AssertIs(Build("{% if messages|length < 5 %}{{ raise_exception('few') }}{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}", Chat, PausePolicy.EachTurn), "abcde__", 2, 2);

    [Test]
    public void Build_TemplateThatWritesTheBeginningOfText_GivesItOnce() =>
        AssertIs(Build("{{ bos_token }}{{ messages[0].content }}", Chat, PausePolicy.None, new() { ["bos_token"] = "<|endoftext|>" }), ".a", 0, 0);

    private ChatPrompt Build(string template, ChatTemplateMessage[] chat, PausePolicy policy, Dictionary<string, string>? special = null) =>
        ChatPrompt.Build(
            ChatTemplate.Parse(template, special ?? new() { ["eos_token"] = "<|endoftext|>" }),
            _tiny.Model.Tokenizer, new ChatRequest(chat, new GenerationOptions(), new Dictionary<string, object?>()), policy, pauseCount: 2);

    private void AssertIs(ChatPrompt prompt, string expected, int count, int last)
    {
        int[] ids = [.. expected.SelectMany(c => c switch
        {
            '_' => [ChatModel.Pause],
            '.' => [ChatModel.Eos],
            _ => _tiny.Model.Tokenizer.Encode($"{c}"),
        })];
        Assert.That(prompt.Ids, Is.EqualTo(ids));
        Assert.That((prompt.PauseCount, prompt.LastPauses), Is.EqualTo((count, last)));
    }
}
