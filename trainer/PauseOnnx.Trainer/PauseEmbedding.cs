using static TorchSharp.torch;

namespace PauseOnnx.Trainer;

/// <summary>The first value of <c>&lt;pause&gt;</c>'s embedding in a model that was trained without it.</summary>
public static class PauseEmbedding
{
    // Enough that the row is nobody's double, too little to leave the middle of the others.
    private const double NoiseFraction = 0.01;

    /// <summary>
    /// The mean of the ordinary embeddings plus normal noise, of which the standard deviation is a hundredth of theirs around
    /// that mean: a place where every token is about as near as every other.
    /// </summary>
    /// <param name="embeddings">Rows of ordinary tokens, [rows, C].</param>
    /// <param name="width">C.</param>
    /// <param name="seed">Of the noise.</param>
    /// <returns>[C].</returns>
    public static float[] CreateRow(ReadOnlySpan<float> embeddings, int width, int seed)
    {
        var rows = embeddings.Length / width;
        var (mean, square) = (new double[width], 0.0);
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < width; i++)
            {
                mean[i] += (double)embeddings[(row * width) + i] / rows;
            }
        }

        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < width; i++)
            {
                var distance = embeddings[(row * width) + i] - mean[i];
                square += distance * distance / embeddings.Length;
            }
        }

        using var generator = new Generator((ulong)seed);
        using var noise = randn([width], ScalarType.Float64, generator: generator);
        var deviation = NoiseFraction * Math.Sqrt(square);
        return [.. noise.data<double>().ToArray().Select((n, i) => (float)(mean[i] + (deviation * n)))];
    }
}
