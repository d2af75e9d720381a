using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>A model of the llama family to export.</summary>
/// <param name="Name">By its number of parameters, or by what is large.</param>
/// <param name="Layers">L.</param>
/// <param name="Hidden">C.</param>
/// <param name="Heads">H.</param>
/// <param name="KeyValueHeads">K.</param>
/// <param name="FeedForward">Width of the feed-forward block.</param>
/// <param name="Vocabulary">V.</param>
/// <param name="HasTiedHead">Whether the head is the embedding.</param>
internal sealed record ExportShape(
    string Name, int Layers, int Hidden, int Heads, int KeyValueHeads, int FeedForward, int Vocabulary, bool HasTiedHead)
{
    /// <summary>What any export takes, whatever it exports.</summary>
    public static readonly ExportShape Tiny = new("tiny", 2, 64, 4, 2, 128, 64, true);

    /// <summary>
    /// A model that two cores train in hours, the paper's small one, the shape of TinyLlama, and one layer of Llama 3 8B between
    /// its embedding and head.
    /// </summary>
    public static readonly IReadOnlyList<ExportShape> All =
    [
        new("14M", 6, 384, 6, 6, 1024, 8192, true),
        new("130M", 12, 768, 12, 4, 3072, 32000, true),
        new("1.1B", 22, 2048, 32, 4, 5632, 32000, false),
        new("wide", 1, 4096, 32, 8, 14336, 128256, false),
        Tiny,
    ];

    /// <summary>The shape in words.</summary>
    public string About =>
        $"{Name}: llama, {Layers} layers of width {Hidden}, {Heads} heads, {KeyValueHeads} for keys and values, feed-forward {FeedForward}, vocabulary {Vocabulary}{(HasTiedHead ? ", tied head" : "")}, random weights";

    /// <summary>Finds a shape.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static ExportShape Of(string name) => All.FirstOrDefault(s => s.Name == name)
        ?? throw new ArgumentException($"There is no shape '{name}'; expected {string.Join(", ", All.Select(s => s.Name))}.");

    /// <summary>The model, with a row for <c>&lt;pause&gt;</c> beside the vocabulary.</summary>
    public ModelConfig CreateConfig() => new()
    {
        Family = ModelFamily.Llama,
        VocabSize = Vocabulary + 1,
        HiddenSize = Hidden,
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = KeyValueHeads,
        HeadDim = Hidden / Heads,
        IntermediateSize = FeedForward,
        MaxPositionEmbeddings = 2048,
        HiddenAct = Activation.Silu,
        TieWordEmbeddings = HasTiedHead,
        Pause = new PauseConfig { TokenId = Vocabulary, Count = 10 },
    };
}
