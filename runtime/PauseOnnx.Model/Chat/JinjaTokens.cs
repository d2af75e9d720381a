using System.Runtime.CompilerServices;

namespace PauseOnnx.Model.Chat;

/// <summary>A template's tokens, read from the first to the last.</summary>
/// <param name="tokens">The last is <see cref="JinjaTokenKind.End"/>.</param>
internal sealed class JinjaTokens(List<JinjaToken> tokens)
{
    private int _at;

    /// <summary>The token to be taken.</summary>
    public JinjaToken Current => tokens[_at];

    /// <summary>The one after it.</summary>
    public JinjaToken Next => tokens[Math.Min(_at + 1, tokens.Count - 1)];

    /// <summary>Takes the current token.</summary>
    public JinjaToken Take() => Current.Kind == JinjaTokenKind.End ? Current : tokens[_at++];

    /// <summary>Takes a token of a kind.</summary>
    /// <exception cref="JinjaException">It is another.</exception>
    public JinjaToken Take(JinjaTokenKind kind, string expected) =>
        Current.Kind == kind ? Take() : throw new JinjaException($"Found {Current}; expected {expected}", Current.Position);

    /// <summary>Takes a keyword or operator.</summary>
    /// <exception cref="JinjaException">It is another.</exception>
    public void Take(string text)
    {
        if (!TryTake(text))
        {
            throw new JinjaException($"Found {Current}; expected '{text}'", Current.Position);
        }
    }

    /// <summary>Takes a keyword or operator if it comes next.</summary>
    public bool TryTake(string text)
    {
        var isNext = Current.Is(text);
        _at += isNext ? 1 : 0;
        return isNext;
    }

    /// <summary>Refuses what is nested too deep for this thread's stack.</summary>
    /// <exception cref="JinjaException">It is.</exception>
    public void CheckDepth()
    {
        if (!RuntimeHelpers.TryEnsureSufficientExecutionStack())
        {
            throw new JinjaException("The template is nested too deep", Current.Position);
        }
    }
}
