namespace PauseOnnx.Model;

/// <summary>What a pre-tokenizer does to the spaces of a text before it cuts it into pieces.</summary>
internal sealed record SpaceRule
{
    /// <summary>What is written for a space; the space itself where spaces stay.</summary>
    public char Space { get; init; } = ' ';

    /// <summary>Whether every part of a text begins with <see cref="Space"/>.</summary>
    public bool BeginsWithSpace { get; init; }

    /// <summary>Whether that holds at the beginning of the text only, and not after added tokens.</summary>
    public bool OnlyFirst { get; init; }

    /// <summary>The text with its spaces as the model knows them.</summary>
    /// <param name="text">A part without added tokens, not empty.</param>
    /// <param name="isFirst">Whether nothing is before it.</param>
    public string Apply(string text, bool isFirst)
    {
        var marked = Space == ' ' ? text : text.Replace(' ', Space);
        return BeginsWithSpace && (isFirst || !OnlyFirst) && !marked.StartsWith(Space) ? Space + marked : marked;
    }
}
