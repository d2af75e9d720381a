using Microsoft.Extensions.AI;
using NUnit.Framework;
using PauseOnnx.Extensions.AI;
using PauseOnnx.Model.Chat;
using PauseOnnx.Runtime;

namespace PauseOnnx.Tests.Extensions.AI;

public sealed class ChatRequestTests : IDisposable
{
    private static readonly ChatMessage[] Hello = [new(ChatRole.User, "hello")];

    private readonly ChatModel _tiny = new();
    private readonly PauseChatClient _client;

    public ChatRequestTests() => _client = _tiny.Client();

    public void Dispose()
    {
        _client.Dispose();
        _tiny.Dispose();
    }

    [Test]
    public void Read_EveryOptionThatIsSupported_IsMapped()
    {
        var request = Read(new()
        {
            Temperature = 0.5f, TopK = 7, TopP = 0.25f, MaxOutputTokens = 9, Seed = 11, StopSequences = ["x"], FrequencyPenalty = 0.75f, PresencePenalty = 1.5f,
            ResponseFormat = ChatResponseFormat.Text, ToolMode = ChatToolMode.None, ModelId = "tiny",
            AdditionalProperties = new()
            {
                ["min_p"] = 0.125, ["repetition_penalty"] = 1.25f, ["pause_count"] = 3,
                ["chat_template_kwargs"] = new Dictionary<string, object?> { ["enable_thinking"] = false },
            },
        });
        Assert.That(request.Generation with { StopStrings = [] }, Is.EqualTo(new GenerationOptions
        {
            Temperature = 0.5, TopK = 7, TopP = 0.25, MaxNewTokens = 9, Seed = 11, FrequencyPenalty = 0.75, PresencePenalty = 1.5,
            MinP = 0.125, RepetitionPenalty = 1.25, PauseCount = 3, StopStrings = [], LogitBias = request.Generation.LogitBias, LogitsProcessors = request.Generation.LogitsProcessors,
        }));
        Assert.That(request.Generation.StopStrings, Is.EqualTo(new[] { "x" }));
        Assert.That(request.Variables["enable_thinking"], Is.EqualTo(false));
    }

    [Test]
    public void Read_NothingAsked_TakesTheClientsDefaults()
    {
        var defaults = new PauseChatClientOptions { Generation = new() { MaxNewTokens = 5, Temperature = 2 } };
        Assert.That(ChatRequest.Read(_client, null, Hello, defaults, null).Generation, Is.SameAs(defaults.Generation));
        var request = ChatRequest.Read(_client, new() { Temperature = 1 }, Hello, defaults, null);
        Assert.That((request.Generation.MaxNewTokens, request.Generation.Temperature), Is.EqualTo(((int?)5, (double?)1)));
    }

    [Test]
    public void Read_RawOptions_AreTheBase()
    {
        var request = Read(new() { RawRepresentationFactory = _ => new GenerationOptions { LogProbs = 2, MaxNewTokens = 3 }, MaxOutputTokens = 4 });
        Assert.That((request.Generation.LogProbs, request.Generation.MaxNewTokens), Is.EqualTo(((int?)2, (int?)4)));
    }

    [Test]
    public void Read_EverythingThatIsNotSupported_IsRefusedInOneMessage()
    {
        var options = new ChatOptions
        {
            Tools = [AIFunctionFactory.CreateDeclaration("f", "", default)], ToolMode = ChatToolMode.RequireAny, AllowMultipleToolCalls = true, ResponseFormat = ChatResponseFormat.Json,
            Reasoning = new(), ConversationId = "7", ModelId = "other", Seed = 1L << 40,
            AllowBackgroundResponses = true, RawRepresentationFactory = _ => "raw", AdditionalProperties = new() { ["logprobs"] = true, ["min_p"] = "0.1" },
        };
        ChatMessage[] messages = [new(ChatRole.User, [new TextContent("a"), new DataContent("data:image/png;base64,AAAA")])];
        var message = Assert.Throws<NotSupportedException>(() => ChatRequest.Read(_client, options, messages, new(), "tiny"))!.Message;
        Assert.That(message, Is.EqualTo(
            "The request asks for what the model cannot do: Tools has 1; expected none; ToolMode requires a tool; expected none or auto; "
            + "AllowMultipleToolCalls; there are no tools; ResponseFormat is JSON; expected text; "
            + "Reasoning; expected a variable of the chat template in AdditionalProperties[\"chat_template_kwargs\"]; "
            + "ConversationId; expected the whole chat in each request, whose known beginning is not computed again; ModelId is 'other'; expected 'tiny'; "
            + "Seed is 1099511627776; expected 32 bits; AllowBackgroundResponses; answers are computed while they are awaited; "
            + "RawRepresentationFactory makes a String; expected GenerationOptions; "
            + "AdditionalProperties has 'logprobs', Boolean; expected min_p or repetition_penalty, a number, pause_count, an int, or chat_template_kwargs, a dictionary; "
            + "AdditionalProperties has 'min_p', String; expected min_p or repetition_penalty, a number, pause_count, an int, or chat_template_kwargs, a dictionary; "
            + "Message 1 holds DataContent; expected text."));
    }

    // Nothing new may be dropped silently: a property that a later version adds must be mapped or refused.
    [Test]
    public void ChatOptions_HaveNoPropertyThatIsNotKnownHere() =>
        Assert.That(typeof(ChatOptions).GetProperties().Select(p => p.Name), Is.EquivalentTo(new[]
        {
            "ConversationId", "Instructions", "Temperature", "MaxOutputTokens", "TopP", "TopK", "FrequencyPenalty", "PresencePenalty", "Seed", "Reasoning",
            "ResponseFormat", "ModelId", "StopSequences", "AllowMultipleToolCalls", "ToolMode", "Tools", "AllowBackgroundResponses", "ContinuationToken",
            "RawRepresentationFactory", "AdditionalProperties",
        }));

    [Test]
    public void Read_Instructions_ComeBeforeTheSystemMessage()
    {
        Assert.That(Read(new() { Instructions = "i" }).Messages, Is.EqualTo(new ChatTemplateMessage[] { new("system", "i"), new("user", "hello") }));
        Assert.That(
            ChatRequest.Read(_client, new() { Instructions = "i" }, [new(ChatRole.System, "s"), .. Hello], new(), null).Messages,
            Is.EqualTo(new ChatTemplateMessage[] { new("system", "i\n\ns"), new("user", "hello") }));
    }

    private ChatRequest Read(ChatOptions options) => ChatRequest.Read(_client, options, Hello, new(), "tiny");
}
