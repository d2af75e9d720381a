namespace PauseOnnx.Runtime;

/// <summary>Code of yours that changes the logits before a token is chosen, such as one that allows only what a grammar does.</summary>
/// <remarks>
/// Called once a token, after penalties and bias. One object may be used by several generations at once; what it remembers
/// of a sequence it must keep by itself.
/// </remarks>
public interface ILogitsProcessor
{
    /// <summary>Changes the logits in place; negative infinity forbids a token.</summary>
    /// <param name="context">The sequence and its logits; not to be kept.</param>
    void Process(LogitsContext context);
}

/// <summary>What an <see cref="ILogitsProcessor"/> may see and change.</summary>
public readonly ref struct LogitsContext
{
    internal LogitsContext(int sequence, ReadOnlySpan<int> prompt, ReadOnlySpan<int> produced, Span<float> logits)
    {
        Sequence = sequence;
        Prompt = prompt;
        Produced = produced;
        Logits = logits;
    }

    /// <summary>Place of the answer in its batch, from 0.</summary>
    public int Sequence { get; }

    /// <summary>Ids of the prompt, without pauses.</summary>
    public ReadOnlySpan<int> Prompt { get; }

    /// <summary>Ids of the answer so far.</summary>
    public ReadOnlySpan<int> Produced { get; }

    /// <summary>Logits [V] of the next token.</summary>
    public Span<float> Logits { get; }
}
