using PauseOnnx.Runtime;

namespace PauseOnnx.Extensions.AI;

/// <summary>How a <see cref="PauseChatClient"/> answers where a request does not say.</summary>
public sealed class PauseChatClientOptions
{
    /// <summary>Name that responses and metadata give the model.</summary>
    /// <value>null: the name of its folder where that is known, else none.</value>
    public string? ModelId { get; set; }

    /// <summary>Before which answers of a chat pauses stand.</summary>
    /// <value><see cref="PausePolicy.EachTurn"/>.</value>
    public PausePolicy Pauses { get; set; }

    /// <summary>
    /// Chats whose keys and values are kept when their answer is complete, so that the next turn costs only what is new in
    /// it; the one unused for longest is given up first.
    /// </summary>
    /// <value>4. 0 computes every request from its beginning.</value>
    public int MaxIdleConversations { get; set; } = 4;

    /// <summary>How to generate; what a request says itself comes first.</summary>
    /// <value>What the model was trained with.</value>
    public GenerationOptions Generation { get; set; } = new();

    /// <summary>Variables of the chat template, such as <c>enable_thinking</c>.</summary>
    /// <value>Empty.</value>
    public IDictionary<string, object?> TemplateVariables { get; } = new Dictionary<string, object?>(StringComparer.Ordinal);

    /// <summary>What is wrong with the options; empty when nothing is.</summary>
    internal IEnumerable<string> FindFaults()
    {
        if (MaxIdleConversations < 0)
        {
            yield return $"MaxIdleConversations is {MaxIdleConversations}; expected at least 0";
        }

        if (!Enum.IsDefined(Pauses))
        {
            yield return $"Pauses is {Pauses}; expected EachTurn, FirstTurn or None";
        }

        if (Generation is null)
        {
            yield return "Generation is null; expected options";
        }
    }
}
