namespace PauseOnnx.Runtime;

/// <summary>Before which answers of a conversation pauses stand.</summary>
public enum PausePolicy
{
    /// <summary>Before each.</summary>
    EachTurn,

    /// <summary>Before the first.</summary>
    FirstTurn,

    /// <summary>Before none.</summary>
    None,
}

/// <summary>How a conversation goes on. Null means "what the model was trained with".</summary>
public sealed record ConversationOptions
{
    /// <summary>Before which answers pauses stand.</summary>
    /// <value><see cref="PausePolicy.EachTurn"/>.</value>
    public PausePolicy Pauses { get; init; }

    /// <summary>M_inf: pauses before an answer, in tokens.</summary>
    /// <value>null: the graph's own.</value>
    public int? PauseCount { get; init; }

    /// <summary>Longest conversation, in tokens with pauses; a graph with a shared cache gets a buffer of this size.</summary>
    /// <value>null: the model's context.</value>
    public int? MaxLength { get; init; }

    /// <summary>What to do when that is reached: end the answer, or forget the older half.</summary>
    /// <value><see cref="ContextPolicy.Stop"/>.</value>
    public ContextPolicy WhenFull { get; init; }
}
