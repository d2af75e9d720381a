using Microsoft.Extensions.AI;
using PauseOnnx.Model.Chat;
using PauseOnnx.Runtime;

namespace PauseOnnx.Extensions.AI;

/// <summary>A request in this project's words.</summary>
/// <param name="Messages">The chat, the request's instructions included.</param>
/// <param name="Generation">How to answer.</param>
/// <param name="Variables">Of the chat template.</param>
internal sealed record ChatRequest(
    IReadOnlyList<ChatTemplateMessage> Messages, GenerationOptions Generation, IReadOnlyDictionary<string, object?> Variables)
{
    /// <summary>Entry of <see cref="ChatOptions.AdditionalProperties"/>: <see cref="GenerationOptions.MinP"/>.</summary>
    public const string MinP = "min_p";

    /// <summary>Entry of <see cref="ChatOptions.AdditionalProperties"/>: <see cref="GenerationOptions.RepetitionPenalty"/>.</summary>
    public const string RepetitionPenalty = "repetition_penalty";

    /// <summary>Entry of <see cref="ChatOptions.AdditionalProperties"/>: <see cref="GenerationOptions.PauseCount"/>.</summary>
    public const string PauseCount = "pause_count";

    /// <summary>Entry of <see cref="ChatOptions.AdditionalProperties"/>: variables of the chat template, by name.</summary>
    public const string TemplateVariables = "chat_template_kwargs";

    /// <summary>Translates a request.</summary>
    /// <param name="client">Asked where the options do not say how to generate.</param>
    /// <param name="options">null for nothing.</param>
    /// <param name="messages">Of text only.</param>
    /// <param name="defaults">What holds where the request does not say.</param>
    /// <param name="modelId">The only model that may be asked for; null for any.</param>
    /// <exception cref="NotSupportedException">The request asks for what this client cannot do; all of it is named.</exception>
    /// <exception cref="ArgumentException">There is no message.</exception>
    public static ChatRequest Read(
        IChatClient client, ChatOptions? options, IEnumerable<ChatMessage> messages, PauseChatClientOptions defaults, string? modelId)
    {
        var faults = new List<string>();
        var generation = defaults.Generation;
        var variables = new Dictionary<string, object?>(defaults.TemplateVariables, StringComparer.Ordinal);
        if (options is not null)
        {
            faults.AddRange(FindUnsupported(options, modelId));
            generation = Merge(ReadRaw(client, options, faults) ?? generation, options, faults);
            generation = ReadProperties(generation, options, variables, faults);
        }

        var chat = ReadMessages(messages, options?.Instructions, faults);
        if (faults.Count > 0)
        {
            throw new NotSupportedException($"The request asks for what the model cannot do: {string.Join("; ", faults)}.");
        }

        return chat.Count > 0 ? new ChatRequest(chat, generation, variables) : throw new ArgumentException("There is no message; expected at least one.", nameof(messages));
    }

    private static IEnumerable<string> FindUnsupported(ChatOptions options, string? modelId)
    {
        (bool IsAsked, string Fault)[] all =
        [
            (options.Tools is { Count: > 0 }, $"Tools has {options.Tools?.Count}; expected none"),
            (options.ToolMode is not (null or NoneChatToolMode or AutoChatToolMode), "ToolMode requires a tool; expected none or auto"),
            (options.AllowMultipleToolCalls is true, "AllowMultipleToolCalls; there are no tools"),
            (options.ResponseFormat is not (null or ChatResponseFormatText), "ResponseFormat is JSON; expected text"),
            (options.Reasoning is not null, $"Reasoning; expected a variable of the chat template in AdditionalProperties[\"{TemplateVariables}\"]"),
            (options.ConversationId is not null, "ConversationId; expected the whole chat in each request, whose known beginning is not computed again"),
            (modelId is not null && options.ModelId is not null && options.ModelId != modelId, $"ModelId is '{options.ModelId}'; expected '{modelId}'"),
            (options.Seed is < int.MinValue or > int.MaxValue, $"Seed is {options.Seed}; expected 32 bits"),
#pragma warning disable MEAI001 // Experimental, but a request that sets them must be refused.
            (options.AllowBackgroundResponses is true, "AllowBackgroundResponses; answers are computed while they are awaited"),
            (options.ContinuationToken is not null, "ContinuationToken; there are no background responses"),
#pragma warning restore MEAI001
        ];
        return all.Where(a => a.IsAsked).Select(a => a.Fault);
    }

    private static GenerationOptions? ReadRaw(IChatClient client, ChatOptions options, List<string> faults)
    {
        var raw = options.RawRepresentationFactory?.Invoke(client);
        if (raw is not (null or GenerationOptions))
        {
            faults.Add($"RawRepresentationFactory makes a {raw.GetType().Name}; expected {nameof(GenerationOptions)}");
        }

        var generation = raw as GenerationOptions;
        if (generation?.WhenContextFull == ContextPolicy.Slide)
        {
            faults.Add("WhenContextFull is Slide; expected Stop, as a chat is sent whole");
        }

        return generation;
    }

    private static GenerationOptions Merge(GenerationOptions generation, ChatOptions options, List<string> faults) => faults.Count > 0 ? generation : generation with
    {
        Temperature = options.Temperature ?? generation.Temperature,
        TopK = options.TopK ?? generation.TopK,
        TopP = options.TopP ?? generation.TopP,
        MaxNewTokens = options.MaxOutputTokens ?? generation.MaxNewTokens,
        Seed = (int?)options.Seed ?? generation.Seed,
        FrequencyPenalty = options.FrequencyPenalty ?? generation.FrequencyPenalty,
        PresencePenalty = options.PresencePenalty ?? generation.PresencePenalty,
        StopStrings = options.StopSequences is { Count: > 0 } stops ? [.. stops] : generation.StopStrings,
    };

    private static GenerationOptions ReadProperties(
        GenerationOptions generation, ChatOptions options, Dictionary<string, object?> variables, List<string> faults)
    {
        foreach (var (name, value) in options.AdditionalProperties ?? [])
        {
            switch (name, value)
            {
                case (MinP, double or float or int):
                    generation = generation with { MinP = Convert.ToDouble(value) };
                    break;
                case (RepetitionPenalty, double or float or int):
                    generation = generation with { RepetitionPenalty = Convert.ToDouble(value) };
                    break;
                case (PauseCount, int count):
                    generation = generation with { PauseCount = count };
                    break;
                case (TemplateVariables, IEnumerable<KeyValuePair<string, object?>> given):
                    foreach (var (variable, content) in given)
                    {
                        variables[variable] = content;
                    }

                    break;
                default:
                    faults.Add($"AdditionalProperties has '{name}', {value?.GetType().Name ?? "null"}; expected {MinP} or {RepetitionPenalty}, a number, {PauseCount}, an int, or {TemplateVariables}, a dictionary");
                    break;
            }
        }

        return generation;
    }

    // Most templates take one system message only, as the first.
    private static List<ChatTemplateMessage> ReadMessages(IEnumerable<ChatMessage> messages, string? instructions, List<string> faults)
    {
        var chat = new List<ChatTemplateMessage>();
        foreach (var message in messages)
        {
            faults.AddRange(message.Contents.Where(c => c is not TextContent).Select(c => $"Message {chat.Count + 1} holds {c.GetType().Name}; expected text"));
            chat.Add(new ChatTemplateMessage(message.Role.Value, message.Text));
        }

        if (!string.IsNullOrEmpty(instructions) && chat is [{ Role: "system" } system, ..])
        {
            chat[0] = system with { Content = $"{instructions}\n\n{system.Content}" };
        }
        else if (!string.IsNullOrEmpty(instructions) && chat.Count > 0)
        {
            chat.Insert(0, new ChatTemplateMessage("system", instructions));
        }

        return chat;
    }
}
