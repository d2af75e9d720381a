using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>Whether a graph has the inputs and outputs that <see cref="GraphNames"/> promises for a configuration.</summary>
internal static class GraphContract
{
    private const int Any = -1;

    private sealed record Slot(string Name, TensorElementType Type, params int[] Shape);

    /// <summary>Every difference, one sentence each; empty when the graph fits.</summary>
    public static IReadOnlyList<string> FindFaults(InferenceSession session, ModelConfig config, GraphPrecision precision)
    {
        var cache = CacheLayout.Of(session);
        Slot[] inputs =
        [
            new(GraphNames.InputIds, TensorElementType.Int64, Any, Any),
            new(GraphNames.AttentionMask, TensorElementType.Int64, Any, Any),
            .. CacheSlots(config, cache, GraphNames.PastKey, GraphNames.PastValue),
        ];
        Slot[] outputs =
        [
            new(GraphNames.Logits, TensorElementType.Float, Any, Any, config.OrdinaryVocabSize),
            .. CacheSlots(config, cache, GraphNames.PresentKey, GraphNames.PresentValue),
        ];
        var unknown = session.InputMetadata.Keys.Except(inputs.Select(s => s.Name))
            .Select(name => $"Input '{name}' is unknown; expected only {GraphNames.InputIds}, {GraphNames.AttentionMask} and past_key_values of {config.NumHiddenLayers} layers");
        return
        [
            .. inputs.SelectMany(s => Compare("Input", s, session.InputMetadata)),
            .. unknown,
            .. outputs.SelectMany(s => Compare("Output", s, session.OutputMetadata)),
            .. FindContradictions(session, precision),
        ];
    }

    // What the file says of itself, against its name and its shapes.
    private static IEnumerable<string> FindContradictions(InferenceSession session, GraphPrecision precision)
    {
        var metadata = session.ModelMetadata.CustomMetadataMap;
        var name = GraphPrecisions.NameOf(precision);
        if (metadata.TryGetValue(MetadataNames.Precision, out var found) && found != name)
        {
            yield return $"Metadata '{MetadataNames.Precision}' is '{found}'; expected '{name}', as the file's name says";
        }

        var cache = metadata.GetValueOrDefault(MetadataNames.Cache, MetadataNames.GrowingCache);
        var (past, present) = (LengthOf(session.InputMetadata, GraphNames.PastKey(0)), LengthOf(session.OutputMetadata, GraphNames.PresentKey(0)));
        if (cache is not (MetadataNames.GrowingCache or MetadataNames.SharedCache))
        {
            yield return $"Metadata '{MetadataNames.Cache}' is '{cache}'; expected '{MetadataNames.GrowingCache}' or '{MetadataNames.SharedCache}'";
        }
        else if (past.Length > 0 && (past == present) != (cache == MetadataNames.SharedCache))
        {
            yield return $"Metadata '{MetadataNames.Cache}' is '{cache}', but past keys have {past} positions and present ones {present}; expected {(past == present ? "two lengths" : "one length")}";
        }
    }

    // A number or the name of the dimension; empty where there is neither.
    private static string LengthOf(IReadOnlyDictionary<string, NodeMetadata> values, string name) =>
        values.GetValueOrDefault(name) is { IsTensor: true, Dimensions: [_, _, var length, _] } value
            ? length > 0 ? $"{length}" : value.SymbolicDimensions[2]
            : "";

    // [B, K, P, D]
    private static IEnumerable<Slot> CacheSlots(ModelConfig config, CacheLayout cache, params Func<int, string>[] names) =>
        Enumerable.Range(0, config.NumHiddenLayers).SelectMany(layer => names.Select(name =>
            new Slot(name(layer), cache.Type, Any, config.NumKeyValueHeads, cache.FixedLength ?? Any, config.HeadDim)));

    private static IEnumerable<string> Compare(string kind, Slot slot, IReadOnlyDictionary<string, NodeMetadata> found)
    {
        var expected = Describe(slot.Type, slot.Shape);
        if (!found.TryGetValue(slot.Name, out var value))
        {
            yield return $"{kind} '{slot.Name}' is missing; expected {expected}";
        }
        else if (!value.IsTensor)
        {
            yield return $"{kind} '{slot.Name}' is no tensor; expected {expected}";
        }
        else if (value.ElementDataType != slot.Type || !Fits(value.Dimensions, slot.Shape))
        {
            yield return $"{kind} '{slot.Name}' is {Describe(value.ElementDataType, value.Dimensions)}; expected {expected}";
        }
    }

    private static bool Fits(int[] found, int[] expected) =>
        found.Length == expected.Length && found.Zip(expected, (f, e) => f == e || f == Any || e == Any).All(fits => fits);

    private static string Describe(TensorElementType type, int[] shape) =>
        $"{type.ToString().ToLowerInvariant()} [{string.Join(", ", shape.Select(d => d == Any ? "?" : $"{d}"))}]";
}
