using System.Runtime.InteropServices;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>Why a sequence ended.</summary>
public enum FinishReason
{
    /// <summary>It has not ended.</summary>
    None,

    /// <summary>A stop token was produced.</summary>
    StopToken,

    /// <summary>One of <see cref="GenerationOptions.StopStrings"/> was produced.</summary>
    StopString,

    /// <summary><see cref="GenerationOptions.MaxNewTokens"/> were produced.</summary>
    MaxNewTokens,

    /// <summary>The model has no position for a further token, or its graph a buffer of fixed length that is full.</summary>
    ContextEnd,
}

/// <summary>One answer being written: its tokens, text, log-probabilities, and whether it has ended.</summary>
/// <remarks>Allocates nothing for a token unless text or log-probabilities are asked for. Not thread-safe.</remarks>
internal sealed class Sequence
{
    private readonly GenerationSettings _settings;
    private readonly List<int> _produced;
    private readonly StreamingDecoder? _decoder;
    private readonly StopStringFilter _filter;

    /// <summary>An answer of no token yet.</summary>
    /// <param name="index">Place in the batch of answers.</param>
    /// <param name="prompt">Ids of the prompt, without pauses.</param>
    /// <param name="room">Tokens for which the context has room; the last of them need not be read.</param>
    /// <param name="settings">How to answer.</param>
    /// <param name="vocabSize">V.</param>
    /// <param name="tokenizer">Makes text of the tokens; null where nobody wants text and no stop string is looked for.</param>
    public Sequence(int index, int[] prompt, int room, GenerationSettings settings, int vocabSize, Tokenizer? tokenizer)
    {
        (Index, Prompt, Room, _settings) = (index, prompt, room, settings);
        _produced = new List<int>(Math.Min(settings.MaxNewTokens, room));
        Counts = settings.Logits.HasPenalties ? new TokenCounts(prompt, vocabSize) : null;
        _decoder = tokenizer?.CreateDecoder();
        _filter = new StopStringFilter(settings.StopStrings);
        LogProbs = settings.LogProbs is null ? null : [];
        TopLogProbs = settings.LogProbs > 0 ? [] : null;
    }

    /// <summary>Place in the batch of answers, which also chooses the random numbers.</summary>
    public int Index { get; }

    /// <summary>Ids of the prompt, without pauses.</summary>
    public int[] Prompt { get; }

    /// <summary>Tokens that it can still get before the context is full.</summary>
    public int Room { get; set; }

    /// <summary>Ids of the answer, a stop token at the end included.</summary>
    public IReadOnlyList<int> Produced => _produced;

    /// <summary>The same, as they are now.</summary>
    public ReadOnlySpan<int> ProducedSpan => CollectionsMarshal.AsSpan(_produced);

    /// <summary>What penalties need; null without penalties.</summary>
    public TokenCounts? Counts { get; }

    /// <summary>Why it ended.</summary>
    public FinishReason Reason { get; private set; }

    /// <summary>Whether it goes on.</summary>
    public bool IsRunning => Reason == FinishReason.None;

    /// <summary>Whether it goes on, but the context has no room for the next token.</summary>
    public bool IsFull => IsRunning && Room == 0;

    /// <summary>Text that the last token made safe to give away.</summary>
    public string Piece { get; private set; } = "";

    /// <summary>Log-probability of each token, where asked for.</summary>
    public List<double>? LogProbs { get; }

    /// <summary>The most likely tokens at each place, where asked for.</summary>
    public List<IReadOnlyList<TokenLogProb>>? TopLogProbs { get; }

    /// <summary>Adds a token, and finds out whether it is the last.</summary>
    public void Accept(int id)
    {
        _produced.Add(id);
        Counts?.Add(id);
        Room--;
        Reason = _settings.StopTokens.Contains(id) ? FinishReason.StopToken : FinishReason.None;
        if (_decoder is not null)
        {
            Piece = Reason == FinishReason.StopToken ? "" : _filter.Append(_decoder.Append(id));
            Reason = _filter.IsStopped ? FinishReason.StopString : Reason;
        }

        if (IsRunning && _produced.Count == _settings.MaxNewTokens)
        {
            Reason = FinishReason.MaxNewTokens;
        }
        else if (IsRunning && Room == 0 && _settings.WhenContextFull == ContextPolicy.Stop)
        {
            Reason = FinishReason.ContextEnd;
        }

        if (!IsRunning && _decoder is not null)
        {
            Piece += Flush();
        }
    }

    // What the decoder and the filter hold at the end; the last half character may still complete a stop string.
    private string Flush()
    {
        if (_filter.IsStopped)
        {
            return "";
        }

        var rest = _filter.Append(_decoder!.Flush());
        return _filter.IsStopped ? rest : rest + _filter.Flush();
    }
}
