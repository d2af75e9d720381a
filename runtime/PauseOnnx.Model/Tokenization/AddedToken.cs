namespace PauseOnnx.Model;

/// <summary>A token that is matched in text before anything is merged.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">How it is written.</param>
/// <param name="IsSpecial">Whether decoding skips it.</param>
internal sealed record AddedToken(int Id, string Content, bool IsSpecial)
{
    /// <summary>Whether it is matched in normalized text, in its own normalized form, rather than in the text as it is.</summary>
    public bool IsNormalized { get; init; }

    /// <summary>Whether it takes the white space before it along.</summary>
    public bool StripsLeft { get; init; }

    /// <summary>Whether it takes the white space after it along.</summary>
    public bool StripsRight { get; init; }

    /// <summary>Whether it is text like any other where a letter, digit or mark of a word touches it.</summary>
    public bool IsSingleWord { get; init; }
}
