using Microsoft.ML.OnnxRuntime;
using Microsoft.ML.OnnxRuntime.Tensors;
using PauseOnnx.Model;

namespace PauseOnnx.Runtime;

/// <summary>How a graph takes and gives the keys and values of its layers, as its file says.</summary>
internal sealed record CacheLayout
{
    /// <summary>float32 or float16.</summary>
    public required TensorElementType Type { get; init; }

    /// <summary>
    /// Whether past and present are one buffer (<see cref="MetadataNames.SharedCache"/>) rather than a present for each call
    /// (<see cref="MetadataNames.GrowingCache"/>, also where the file says nothing).
    /// </summary>
    public required bool IsShared { get; init; }

    /// <summary>Positions that the buffer must have, left padding and pauses included; null for as many as the host likes.</summary>
    public int? FixedLength { get; init; }

    /// <summary>Reads it from a graph.</summary>
    public static CacheLayout Of(InferenceSession session)
    {
        var past = session.InputMetadata.GetValueOrDefault(GraphNames.PastKey(0));
        return new CacheLayout
        {
            Type = past is { IsTensor: true, ElementDataType: TensorElementType.Float16 } ? TensorElementType.Float16 : TensorElementType.Float,
            IsShared = session.ModelMetadata.CustomMetadataMap.GetValueOrDefault(MetadataNames.Cache) == MetadataNames.SharedCache,
            FixedLength = past is { IsTensor: true, Dimensions: [_, _, > 0 and var length, _] } ? length : null,
        };
    }
}
