namespace PauseOnnx.Model;

/// <summary>The BPE model of a tokenizer.json.</summary>
/// <param name="Vocabulary">Tokens with their ids; added tokens may or may not be among them.</param>
/// <param name="Merges">Pairs in order of rank; both and what they make are in the vocabulary.</param>
internal sealed record TokenizerModel(IReadOnlyDictionary<string, int> Vocabulary, IReadOnlyList<(string Left, string Right)> Merges)
{
    /// <summary>Whether a piece that is itself a token becomes that token, whatever the merges say.</summary>
    public bool IgnoreMerges { get; init; }

    /// <summary>Whether a character without a token becomes the tokens <c>&lt;0x00&gt;</c> to <c>&lt;0xFF&gt;</c> of its UTF-8 bytes.</summary>
    public bool ByteFallback { get; init; }

    /// <summary>Whether unknown characters in a row become one unknown token.</summary>
    public bool FuseUnknown { get; init; }

    /// <summary>Id of what stands for unknown characters; null when there is none.</summary>
    public int? UnknownId { get; init; }
}
