namespace PauseOnnx.Model;

/// <summary>A weight's name in model.safetensors and its shape.</summary>
/// <param name="Name">Hugging Face's name.</param>
/// <param name="Shape">Dimensions, outermost first.</param>
public readonly record struct WeightSpec(string Name, IReadOnlyList<int> Shape);

/// <summary>
/// Every weight of a checkpoint by Hugging Face's names. Linear weights are [out, in], but those of gpt2 [in, out], as its
/// Conv1D layers store them. The rows of gpt_neox's query_key_value are those of each head in turn, [H, 3, D]; gpt2's c_attn
/// holds all queries, then all keys, then all values. The head keeps an unused row for <c>&lt;pause&gt;</c>, so that other
/// tools read the checkpoint as it is.
/// </summary>
public sealed class WeightNames
{
    private readonly ModelConfig _config;
    private readonly FamilyWeights _family;

    /// <summary>Names for a configuration.</summary>
    public WeightNames(ModelConfig config) => (_config, _family) = (config, FamilyWeights.Of(config.Family));

    /// <summary>Token embedding [vocab_size, C].</summary>
    public string Embedding => _family.Embedding;

    /// <summary>Learned positions [positions, C] (gpt2).</summary>
    public static string Positions => FamilyWeights.Of(ModelFamily.Gpt2).Positions!;

    /// <summary>Final norm's scale [C].</summary>
    public string FinalNorm => _family.FinalNorm;

    /// <summary>Final norm's shift [C]; null for families whose norm has none.</summary>
    public string? FinalNormBias => _family.FinalNormBias;

    /// <summary>Head [vocab_size, C]; the embedding's name when they are tied.</summary>
    public string Head => _config.TieWordEmbeddings ? Embedding : _family.Head;

    /// <summary>A weight of layer <paramref name="layer"/>, such as <c>self_attn.q_proj.weight</c> or <c>attn.c_attn.bias</c>.</summary>
    public string Layer(int layer, string suffix) => $"{_family.Layers}.{layer}.{suffix}";

    /// <summary>Every weight with its shape, in the order of computation.</summary>
    public IEnumerable<WeightSpec> All()
    {
        yield return Spec(new(Embedding, WeightLength.Vocabulary, WeightLength.Hidden));
        if (_family.Positions is { } positions)
        {
            yield return Spec(new(positions, WeightLength.Positions, WeightLength.Hidden));
        }

        for (var layer = 0; layer < _config.NumHiddenLayers; layer++)
        {
            foreach (var weight in _family.Layer)
            {
                yield return Spec(weight with { Name = Layer(layer, weight.Name) });
            }
        }

        yield return Spec(new(FinalNorm, WeightLength.Hidden));
        if (FinalNormBias is { } bias)
        {
            yield return Spec(new(bias, WeightLength.Hidden));
        }

        if (!_config.TieWordEmbeddings)
        {
            yield return Spec(new(Head, WeightLength.Vocabulary, WeightLength.Hidden));
        }
    }

    private WeightSpec Spec(FamilyWeight weight) => new(weight.Name, [.. weight.Shape.Select(LengthOf)]);

    private int LengthOf(WeightLength length) => length switch
    {
        WeightLength.Vocabulary => _config.VocabSize,
        WeightLength.Positions => _config.MaxPositionEmbeddings,
        WeightLength.Hidden => _config.HiddenSize,
        WeightLength.FeedForward => _config.IntermediateSize,
        WeightLength.Head => _config.HeadDim,
        WeightLength.Queries => _config.NumAttentionHeads * _config.HeadDim,
        WeightLength.KeysOrValues => _config.NumKeyValueHeads * _config.HeadDim,
        WeightLength.QueriesKeysValues => 3 * _config.HiddenSize,
        _ => throw new ArgumentOutOfRangeException(nameof(length), length, "Expected a length of a configuration."),
    };
}
