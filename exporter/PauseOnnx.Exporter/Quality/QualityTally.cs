using System.Numerics.Tensors;

namespace PauseOnnx.Exporter.Quality;

/// <summary>Sums up a graph's logits beside the float32 graph's, position by position.</summary>
/// <param name="vocabulary">V: ids that have a logit.</param>
internal sealed class QualityTally(int vocabulary)
{
    // In double, as the divergence of a good graph is smaller than float32's error of its terms.
    private readonly double[] _found = new double[vocabulary];
    private readonly double[] _baseline = new double[vocabulary];
    private readonly double[] _terms = new double[vocabulary];
    private double _loss;
    private double _divergence;
    private long _positions;
    private long _agreeing;
    private int _examples;
    private int _right;

    /// <summary>Adds a position.</summary>
    /// <param name="logits">[V], the graph's.</param>
    /// <param name="baseline">[V], the float32 graph's.</param>
    /// <param name="target">The right id.</param>
    /// <returns>Whether it is the graph's first choice.</returns>
    public bool Add(ReadOnlySpan<float> logits, ReadOnlySpan<float> baseline, int target)
    {
        LogSoftmax(logits, _found);
        LogSoftmax(baseline, _baseline);
        _loss -= _found[target];
        _divergence += Divergence();
        _positions++;
        var choice = TensorPrimitives.IndexOfMax(logits);
        _agreeing += choice == TensorPrimitives.IndexOfMax(baseline) ? 1 : 0;
        return choice == target;
    }

    /// <summary>Adds an example whose positions were added.</summary>
    /// <param name="isRight">Whether every id of its target was the graph's first choice.</param>
    public void AddExample(bool isRight) => (_examples, _right) = (_examples + 1, _right + (isRight ? 1 : 0));

    /// <summary>The figures.</summary>
    /// <exception cref="ExportException">A logit was no number.</exception>
    public QualityReport Report(QualityData data)
    {
        var perplexity = Math.Exp(_loss / _positions);
        return double.IsFinite(perplexity) && double.IsFinite(_divergence)
            ? new QualityReport(
                _examples,
                _positions,
                data.IsText ? null : (double)_right / _examples,
                perplexity,
                (double)_agreeing / _positions,
                _divergence / _positions,
                data.Path)
            : throw new ExportException("quality", $"the perplexity is {perplexity} and the divergence {_divergence / _positions}; expected finite numbers: a logit is none, or a target is all but impossible ({data.Path}).");
    }

    private static void LogSoftmax(ReadOnlySpan<float> logits, Span<double> destination)
    {
        TensorPrimitives.ConvertTruncating(logits, destination);
        TensorPrimitives.Subtract(destination, TensorPrimitives.Max<double>(destination), destination);
        var sum = 0.0;
        foreach (var x in destination)
        {
            sum += Math.Exp(x);
        }

        TensorPrimitives.Subtract(destination, Math.Log(sum), destination);
    }

    // Sum over ids of p_baseline (log p_baseline - log p_found).
    private double Divergence()
    {
        TensorPrimitives.Exp<double>(_baseline, _terms);
        TensorPrimitives.Subtract<double>(_baseline, _found, _found);
        return TensorPrimitives.Dot<double>(_terms, _found);
    }
}
