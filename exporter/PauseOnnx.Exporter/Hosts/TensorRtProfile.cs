using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Hosts;

/// <summary>
/// The lengths that TensorRT builds its engine for, as options of ONNX Runtime's TensorRT provider. Without them it builds
/// another engine, for minutes, whenever a sequence gets longer than any before.
/// </summary>
/// <remarks>
/// <para>
/// The provider runs one profile for each engine, so one range spans both kinds of call. Its smallest lengths are those of a
/// prompt of one token, its best those of a step halfway through a sequence, as nearly all calls are steps; its largest are
/// those of the longest prompt and of the last step together. The shapes fit together at each of the three, as TensorRT
/// checks them at all.
/// </para>
/// <para>
/// A prompt has no past: a length of 0, which TensorRT takes like any other.
/// </para>
/// <para>
/// See <see href="https://onnxruntime.ai/docs/execution-providers/TensorRT-ExecutionProvider.html">the provider's options</see>:
/// <c>name:dimxdim...</c>, separated by commas, for every input.
/// </para>
/// </remarks>
internal static class TensorRtProfile
{
    /// <summary>The provider's options by name: <c>trt_profile_min_shapes</c>, <c>_opt_shapes</c> and <c>_max_shapes</c>.</summary>
    /// <param name="config">The exported model's shape; its pause count is the exported one.</param>
    /// <param name="maxBatchSize">Sequences in one call, 1 or more.</param>
    /// <param name="maxLength">Positions of the longest sequence, pauses included.</param>
    /// <exception cref="ExportException">The pauses leave no positions for a prompt and a step.</exception>
    public static IReadOnlyDictionary<string, string> Options(ModelConfig config, int maxBatchSize, int maxLength)
    {
        var pauses = config.Pause?.Count ?? 0;
        if (maxLength < pauses + 2)
        {
            throw new ExportException(nameof(TensorRtProfile), $"The longest sequence has {maxLength} positions, and {pauses} are for pauses; expected at least two more, for a prompt and a step: choose a longer one or fewer pauses.");
        }

        var half = Math.Clamp(maxLength / 2, pauses + 1, maxLength - 1);
        return new Dictionary<string, string>
        {
            ["trt_profile_min_shapes"] = Shapes(config, batch: 1, ids: 1, mask: 1, past: 0),
            ["trt_profile_opt_shapes"] = Shapes(config, batch: 1, ids: 1, mask: half - pauses + 1, past: half),
            ["trt_profile_max_shapes"] = Shapes(config, maxBatchSize, ids: maxLength - pauses, mask: maxLength - pauses, past: maxLength - 1),
        };
    }

    private static string Shapes(ModelConfig config, int batch, int ids, int mask, int past)
    {
        var cache = $"{batch}x{config.NumKeyValueHeads}x{past}x{config.HeadDim}";
        var caches = Enumerable.Range(0, config.NumHiddenLayers)
            .SelectMany(layer => new[] { GraphNames.PastKey(layer), GraphNames.PastValue(layer) })
            .Select(name => $"{name}:{cache}");
        return string.Join(',', [$"{GraphNames.InputIds}:{batch}x{ids}", $"{GraphNames.AttentionMask}:{batch}x{mask}", .. caches]);
    }
}
