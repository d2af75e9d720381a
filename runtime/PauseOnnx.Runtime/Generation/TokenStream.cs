using System.Diagnostics;
using System.Runtime.CompilerServices;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>What writes one answer, a token a step.</summary>
internal interface ITokenSource : IDisposable
{
    /// <summary>The answer.</summary>
    Sequence Sequence { get; }

    /// <summary>Adds a token; false, having done nothing, when the answer has ended.</summary>
    bool Step(CancellationToken cancellationToken);
}

/// <summary>Answers as asynchronous streams.</summary>
internal static class TokenStream
{
    /// <summary>The tokens of a source, which is made when the stream is read and disposed with it.</summary>
    public static async IAsyncEnumerable<GeneratedToken> Of(Func<ITokenSource> create, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var begin = Stopwatch.GetTimestamp();
        using var source = create();

        // The work is the processor's: a step runs on the thread pool, so that awaiting it blocks nobody.
        Func<bool> step = () => source.Step(cancellationToken);
        while (await Task.Run(step, cancellationToken).ConfigureAwait(false))
        {
            yield return Last(source.Sequence, Stopwatch.GetElapsedTime(begin));
        }
    }

    /// <summary>Their texts, where they have any.</summary>
    public static async IAsyncEnumerable<string> TextOf(IAsyncEnumerable<GeneratedToken> tokens)
    {
        await foreach (var token in tokens.ConfigureAwait(false))
        {
            if (token.Text.Length > 0)
            {
                yield return token.Text;
            }
        }
    }

    private static GeneratedToken Last(Sequence sequence, TimeSpan elapsed) => new()
    {
        Id = sequence.Produced[^1],
        Text = sequence.Piece,
        LogProb = sequence.LogProbs?[^1],
        TopLogProbs = sequence.TopLogProbs?[^1] ?? [],
        Elapsed = elapsed,
        FinishReason = sequence.Reason,
    };
}

/// <summary>The answer to one prompt.</summary>
internal sealed class PromptSource(Generator generator) : ITokenSource
{
    public Sequence Sequence => generator[0];

    public bool Step(CancellationToken cancellationToken) => generator.Step(cancellationToken);

    public void Dispose() => generator.Dispose();
}

/// <summary>The best answer that a search finds, all of whose tokens come at its end.</summary>
internal sealed class BeamSource(
    Func<CancellationToken, Hypothesis> search, int[] prompt, GenerationSettings settings, int vocabSize, Tokenizer tokenizer) : ITokenSource
{
    private Hypothesis? _found;
    private Sequence? _sequence;

    public Sequence Sequence => _sequence ?? throw new InvalidOperationException("The search has not run; expected a step first.");

    public bool Step(CancellationToken cancellationToken)
    {
        _found ??= search(cancellationToken);
        _sequence ??= new Sequence(0, prompt, room: _found.Ids.Count, settings, vocabSize, tokenizer);
        if (!_sequence.IsRunning)
        {
            return false;
        }

        _sequence.LogProbs?.Add(_found.LogProbs[_sequence.Produced.Count]);
        _sequence.Accept(_found.Ids[_sequence.Produced.Count]);
        return true;
    }

    public void Dispose()
    {
    }
}
