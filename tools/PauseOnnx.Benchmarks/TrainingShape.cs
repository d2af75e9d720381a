using PauseOnnx.Model;
using PauseOnnx.Trainer;

namespace PauseOnnx.Benchmarks;

/// <summary>A model of the gpt2 family, with tied head, and the batch it is trained on.</summary>
/// <param name="Name">By its number of parameters.</param>
/// <param name="Layers">L.</param>
/// <param name="Hidden">C.</param>
/// <param name="Heads">H.</param>
/// <param name="Vocabulary">V.</param>
/// <param name="BatchSize">B, in sequences.</param>
/// <param name="Length">T, in tokens.</param>
internal sealed record TrainingShape(string Name, int Layers, int Hidden, int Heads, int Vocabulary, int BatchSize, int Length)
{
    /// <summary>The shapes of the committed table.</summary>
    public static readonly IReadOnlyList<TrainingShape> All =
    [
        new("14m", 6, 384, 6, 8192, 8, 256),
        new("110m", 12, 768, 12, 32000, 2, 512),

        // For tests, and for seeing whether memory grows over thousands of steps.
        new("1m", 2, 128, 4, 2048, 4, 128),
    ];

    /// <summary>Tokens a step.</summary>
    public int Tokens => BatchSize * Length;

    /// <summary>
    /// Operations of a step: 6 a token and weight of the matrices, of those of the head only for tokens with loss, and those
    /// of causal attention. Embedding, norms and activations count for nothing.
    /// </summary>
    /// <param name="lossFraction">Part of the positions that carry loss, 0-1.</param>
    public double Operations(double lossFraction)
    {
        var layers = 12.0 * Hidden * Hidden * Layers;
        var head = (double)Hidden * Vocabulary * lossFraction;
        var attention = (double)Length * Hidden * Layers;
        return 6 * Tokens * (layers + head + attention);
    }

    /// <summary>Finds a shape.</summary>
    /// <exception cref="ArgumentException">There is none of that name.</exception>
    public static TrainingShape Of(string name) => All.FirstOrDefault(s => s.Name == name)
        ?? throw new ArgumentException($"There is no shape '{name}'; expected {string.Join(", ", All.Select(s => s.Name))}.");

    /// <summary>The model, with a row for <c>&lt;pause&gt;</c> beside the vocabulary.</summary>
    public ModelConfig CreateConfig() => new()
    {
        Family = ModelFamily.Gpt2,
        VocabSize = Vocabulary + 1,
        HiddenSize = Hidden,
        NumHiddenLayers = Layers,
        NumAttentionHeads = Heads,
        NumKeyValueHeads = Heads,
        HeadDim = Hidden / Heads,
        IntermediateSize = 4 * Hidden,
        MaxPositionEmbeddings = Length,
        HiddenAct = Activation.GeluTanh,
        TieWordEmbeddings = true,
        Pause = new PauseConfig { TokenId = Vocabulary },
    };

    /// <summary>Random sequences.</summary>
    /// <param name="lossFraction">Part of the positions that carry loss, 0-1.</param>
    public IReadOnlyList<TrainingSequence> CreateRows(double lossFraction)
    {
        var random = new Random(0);
        return [.. Enumerable.Range(0, BatchSize).Select(_ => new TrainingSequence(
            [.. Enumerable.Range(0, Length).Select(_ => random.Next(Vocabulary))],
            [.. Enumerable.Range(0, Length).Select(t => t > 0 && random.NextDouble() < lossFraction)]))];
    }
}
