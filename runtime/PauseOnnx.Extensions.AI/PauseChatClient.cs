using System.Runtime.CompilerServices;
using System.Text;
using Microsoft.Extensions.AI;
using PauseOnnx.Model.Chat;
using PauseOnnx.Runtime;

namespace PauseOnnx.Extensions.AI;

/// <summary>
/// A model as Microsoft.Extensions.AI's chat client. It writes chats out by the model's own template, puts pauses before
/// answers, and keeps what it computed, so that a next turn costs only what is new in it.
/// </summary>
/// <remarks>
/// Thread-safe. A request is the whole chat; answers do not depend on what is kept. Of <see cref="ChatOptions"/> it takes
/// Instructions (a system message), Temperature, TopK, TopP, MaxOutputTokens, Seed, StopSequences, FrequencyPenalty,
/// PresencePenalty, a RawRepresentationFactory that makes <see cref="GenerationOptions"/>, and of AdditionalProperties
/// <c>min_p</c>, <c>repetition_penalty</c>, <c>pause_count</c> and <c>chat_template_kwargs</c>, a dictionary of variables
/// for the template. What else is asked for is refused with a <see cref="NotSupportedException"/> that names all of it.
/// </remarks>
public sealed class PauseChatClient : IChatClient
{
    /// <summary>Entry of <see cref="UsageDetails.AdditionalCounts"/>: pauses in the input, which InputTokenCount does not count.</summary>
    public const string PauseTokenCount = "PauseTokenCount";

    private readonly PauseModel _model;
    private readonly ChatTemplate _template;
    private readonly PauseChatClientOptions _options;
    private readonly ChatClientMetadata _metadata;
    private readonly ConversationPool _conversations;
    private readonly bool _ownsModel;

    /// <summary>A client of a loaded model.</summary>
    /// <param name="model">Stays the caller's, who disposes it after the client.</param>
    /// <param name="template">How it wants a chat written out.</param>
    /// <param name="options">null for the defaults; not to be changed afterwards.</param>
    /// <exception cref="ArgumentException">Options are out of range, or the model cannot have them; all faults are listed.</exception>
    public PauseChatClient(PauseModel model, ChatTemplate template, PauseChatClientOptions? options = null)
        : this(model, template, options, ownsModel: false)
    {
    }

    private PauseChatClient(PauseModel model, ChatTemplate template, PauseChatClientOptions? options, bool ownsModel)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(template);
        (_model, _template, _options, _ownsModel) = (model, template, options ?? new PauseChatClientOptions(), ownsModel);
        var faults = _options.FindFaults().ToList();
        if (!model.CanChoosePauseCount && _options.Pauses != PausePolicy.EachTurn)
        {
            faults.Add($"Pauses is {_options.Pauses}, but the graph has {model.PauseCount} baked in beside a shared cache; export with '--pause-count dynamic' to choose");
        }

        if (faults.Count > 0)
        {
            throw new ArgumentException($"{string.Join("; ", faults)}.", nameof(options));
        }

        _metadata = new ChatClientMetadata("pauseonnx", defaultModelId: _options.ModelId);
        var pauses = model.CanChoosePauseCount ? PausePolicy.None : PausePolicy.EachTurn;
        _conversations = new ConversationPool(() => model.CreateConversation(new() { Pauses = pauses }), _options.MaxIdleConversations);
    }

    /// <summary>Loads a model and its chat template. Disposing the client disposes both.</summary>
    /// <param name="folder">A folder written by <c>pauseonnx export</c> from a checkpoint that chats.</param>
    /// <param name="modelOptions">How to load it; null for the defaults.</param>
    /// <param name="options">null for the defaults; not to be changed afterwards.</param>
    /// <exception cref="DirectoryNotFoundException">There is no such folder.</exception>
    /// <exception cref="PauseOnnx.Model.ModelFormatException">Files are missing, not valid or contradictory, or there is no chat template.</exception>
    /// <exception cref="ArgumentException">Options are out of range; all faults are listed.</exception>
    public static PauseChatClient Load(string folder, PauseModelOptions? modelOptions = null, PauseChatClientOptions? options = null)
    {
        var model = PauseModel.Load(folder, modelOptions);
        try
        {
            return new PauseChatClient(model, LoadTemplate(folder), options, ownsModel: true);
        }
        catch
        {
            model.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    /// <exception cref="NotSupportedException">The request asks for what the model cannot do; all of it is named.</exception>
    /// <exception cref="ArgumentException">There is no message, the chat is longer than the context, or options are out of range.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the chat.</exception>
    public async Task<ChatResponse> GetResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        var (text, last) = (new StringBuilder(), (ChatResponseUpdate?)null);
        await foreach (var update in GetStreamingResponseAsync(messages, options, cancellationToken).ConfigureAwait(false))
        {
            text.Append(update.Text);
            last = update;
        }

        return new ChatResponse(new ChatMessage(ChatRole.Assistant, text.ToString()) { MessageId = last!.MessageId, CreatedAt = last.CreatedAt })
        {
            ResponseId = last.ResponseId,
            ModelId = last.ModelId,
            CreatedAt = last.CreatedAt,
            FinishReason = last.FinishReason,
            Usage = last.Contents.OfType<UsageContent>().Single().Details,
        };
    }

    /// <inheritdoc/>
    /// <remarks>The last update has the finish reason and the usage. Requests are checked at once, not when the stream is read.</remarks>
    /// <exception cref="NotSupportedException">The request asks for what the model cannot do; all of it is named.</exception>
    /// <exception cref="ArgumentException">There is no message, the chat is longer than the context, or options are out of range.</exception>
    /// <exception cref="ChatTemplateException">The template refuses the chat.</exception>
    public IAsyncEnumerable<ChatResponseUpdate> GetStreamingResponseAsync(
        IEnumerable<ChatMessage> messages, ChatOptions? options = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(messages);
        var request = ChatRequest.Read(this, options, messages, _options, _options.ModelId);
        var pauseCount = request.Generation.PauseCount ?? _model.PauseCount;
        if (pauseCount < 0 || pauseCount > _model.Config.MaxPositionEmbeddings || (!_model.CanChoosePauseCount && pauseCount != _model.PauseCount))
        {
            var expected = _model.CanChoosePauseCount ? $"0 to {_model.Config.MaxPositionEmbeddings}" : $"{_model.PauseCount}, which the graph has baked in beside a shared cache";
            throw new ArgumentException($"PauseCount is {pauseCount}; expected {expected}.", nameof(options));
        }

        var prompt = ChatPrompt.Build(_template, _model.Tokenizer, request, _options.Pauses, pauseCount);
        return Stream(prompt, request.Generation with { PauseCount = null }, cancellationToken);
    }

    /// <inheritdoc/>
    /// <remarks>Knows <see cref="ChatClientMetadata"/>, <see cref="PauseModel"/>, <see cref="ChatTemplate"/> and itself.</remarks>
    public object? GetService(Type serviceType, object? serviceKey = null)
    {
        ArgumentNullException.ThrowIfNull(serviceType);
        object[] known = [this, _metadata, _model, _template];
        return serviceKey is null ? known.FirstOrDefault(serviceType.IsInstanceOfType) : null;
    }

    /// <summary>Frees what was kept of chats, and the model where the client has loaded it; answers being written go on to their end.</summary>
    public void Dispose()
    {
        _conversations.Dispose();
        if (_ownsModel)
        {
            _model.Dispose();
        }
    }

    /// <summary>A folder's template.</summary>
    /// <exception cref="PauseOnnx.Model.ModelFormatException">It has none, or one that is not supported.</exception>
    internal static ChatTemplate LoadTemplate(string folder) => ChatTemplate.Load(folder)
        ?? throw new PauseOnnx.Model.ModelFormatException($"There is no chat template; expected 'chat_template' in tokenizer_config.json, or a chat_template.jinja, as models have that were trained to chat ({folder}).");

    private async IAsyncEnumerable<ChatResponseUpdate> Stream(
        ChatPrompt prompt, GenerationOptions generation, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var (responseId, messageId, outputTokens, reason) = ($"{Guid.NewGuid():N}", $"{Guid.NewGuid():N}", 0, FinishReason.None);
        ChatResponseUpdate Update(AIContent content) => new(ChatRole.Assistant, [content])
        {
            ResponseId = responseId, MessageId = messageId, ModelId = _options.ModelId, CreatedAt = DateTimeOffset.UtcNow,
        };

        // The graph with baked pauses and a shared cache puts those before the answer there itself.
        var ids = _model.CanChoosePauseCount ? prompt.Ids : prompt.Ids[..^prompt.LastPauses];
        var conversation = _conversations.Take(ids);
        var cachedTokens = conversation.Ids.Take(conversation.ComputedLength).Count(id => id != _model.Tokenizer.PauseId);
        try
        {
            await foreach (var token in conversation.GenerateTokensAsync(ids.AsMemory(conversation.Length), generation, cancellationToken).ConfigureAwait(false))
            {
                (outputTokens, reason) = (outputTokens + 1, token.FinishReason);
                if (token.Text.Length > 0)
                {
                    yield return Update(new TextContent(token.Text));
                }
            }
        }
        finally
        {
            _conversations.Return(conversation);
        }

        var inputTokens = prompt.Ids.Length - prompt.PauseCount;
        var last = Update(new UsageContent(new UsageDetails
        {
            InputTokenCount = inputTokens,
            CachedInputTokenCount = cachedTokens,
            OutputTokenCount = outputTokens,
            TotalTokenCount = inputTokens + outputTokens,
            AdditionalCounts = new() { [PauseTokenCount] = prompt.PauseCount },
        }));
        last.FinishReason = reason is FinishReason.StopToken or FinishReason.StopString ? ChatFinishReason.Stop : ChatFinishReason.Length;
        yield return last;
    }
}
