using PauseOnnx.Benchmarks.LlamaCpp;
using PauseOnnx.Model;

namespace PauseOnnx.Benchmarks;

/// <summary>What was measured with one number of threads, by round; a part that was left out is empty.</summary>
/// <param name="Ours">The runtime.</param>
/// <param name="Llama">llama.cpp.</param>
/// <param name="Transformers">transformers.js, on the runtime's own files.</param>
/// <param name="KeptLoads">Milliseconds from loading to the first token, with the graph kept as ONNX Runtime has optimized it.</param>
/// <param name="Batches">Milliseconds of a step for each of <see cref="BatchCommand.Sizes"/>.</param>
internal sealed record RuntimeTimes(
    IReadOnlyDictionary<GraphPrecision, IReadOnlyList<GenerationTimes>> Ours,
    IReadOnlyDictionary<GgufType, IReadOnlyList<PeerTimes>> Llama,
    IReadOnlyDictionary<GraphPrecision, IReadOnlyList<PeerTimes>> Transformers,
    IReadOnlyDictionary<GraphPrecision, IReadOnlyList<double>> KeptLoads,
    IReadOnlyDictionary<GraphPrecision, IReadOnlyList<double[]>> Batches)
{
    /// <summary>The median of a figure of ours.</summary>
    public double Of(GraphPrecision precision, Func<GenerationTimes, double> figure) => Ours[precision].Select(figure).ToArray().Median();

    /// <summary>The median of a figure of llama.cpp's.</summary>
    public double Of(GgufType type, Func<PeerTimes, double> figure) => Llama[type].Select(figure).ToArray().Median();

    /// <summary>The median of a figure of transformers.js's.</summary>
    public double OfTransformers(GraphPrecision precision, Func<PeerTimes, double> figure) => Transformers[precision].Select(figure).ToArray().Median();
}
