using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Quality;

/// <summary>
/// Feeds the right tokens to an exported graph and, call by call, to the float32 graph beside it: the prefix first, then the
/// target. Only the logits of one call of each are in memory.
/// </summary>
internal sealed class QualityMeasurement
{
    private const int BatchSize = 8;

    // float32 of one call of one graph: 64 MiB.
    private const int MaxLogits = 1 << 24;

    private readonly ExportPlan _plan;
    private readonly GraphPrecision _precision;
    private readonly ExportMeter _meter;
    private readonly DecoderSession _graph;
    private readonly DecoderSession? _baseline;
    private readonly QualityTally _tally;

    private QualityMeasurement(ExportPlan plan, GraphPrecision precision, ExportMeter meter, DecoderSession graph, DecoderSession? baseline)
    {
        (_plan, _precision, _meter, _graph, _baseline) = (plan, precision, meter, graph, baseline);
        _tally = new QualityTally(plan.Config.OrdinaryVocabSize);
    }

    /// <summary>Measures a graph.</summary>
    /// <param name="file">Its ONNX file.</param>
    /// <param name="baseline">The float32 graph's, of the same target; it can be the same file.</param>
    /// <param name="plan">What was exported, and the data.</param>
    /// <param name="precision">The graph's.</param>
    /// <param name="meter">Told of each batch; cancels between calls.</param>
    /// <exception cref="ExportException">ONNX Runtime refuses a file, or a logit is no number.</exception>
    public static QualityReport Run(string file, string baseline, ExportPlan plan, GraphPrecision precision, ExportMeter meter)
    {
        try
        {
            using var graph = Open(file, plan);
            using var other = file == baseline ? null : Open(baseline, plan);
            return new QualityMeasurement(plan, precision, meter, graph, other).Run(plan.Quality!);
        }
        catch (OnnxRuntimeException e)
        {
            throw new ExportException("quality", $"ONNX Runtime refuses the file: {e.Message}", e);
        }
    }

    private static DecoderSession Open(string file, ExportPlan plan) => new(file, plan.Config, new DecoderSettings
    {
        HasSharedCache = plan.Target.HasSharedCache,
        MaxLength = plan.PauseCount + plan.Quality!.Examples.Max(e => e.Prefix.Length + e.Target.Length),
        IsFrugal = plan.Options.Verify == Verification.Quick,
        IsStrict = false,
    });

    // Together go those of equal lengths, so that nothing is padded.
    private QualityReport Run(QualityData data)
    {
        foreach (var group in data.Examples.GroupBy(e => (Prefix: e.Prefix.Length, Target: e.Target.Length)))
        {
            var first = _plan.Logits == LogitsOf.All ? group.Key.Prefix + _plan.PauseCount : 1;
            foreach (var batch in group.Chunk(Math.Clamp(Fitting(1) / first, 1, LargestBatch)))
            {
                Measure(batch, group.Key.Prefix, group.Key.Target);
                _meter.Measured(batch.Length);
            }
        }

        return _tally.Report(data);
    }

    // States that are quantized by the range of all in a call lose more in company: alone they are as a host's prompt is.
    private int LargestBatch => _precision == GraphPrecision.DynamicInt8 ? 1 : BatchSize;

    // Positions whose logits may come at once from so many rows.
    private int Fitting(int rows) => Math.Max(1, MaxLogits / rows / _plan.Config.OrdinaryVocabSize);

    private void Measure(TokenizedExample[] batch, int prefix, int target)
    {
        var isRight = Enumerable.Repeat(true, batch.Length).ToArray();
        for (int done = 0, count; done < target; done += count)
        {
            _meter.CancellationToken.ThrowIfCancellationRequested();

            // The first call foretells one token; those after it as many as they are fed, where they give logits of all.
            count = done == 0 || _plan.Logits == LogitsOf.Last ? 1 : Math.Min(Fitting(batch.Length), target - done);
            long[] ids = [.. batch.SelectMany(e => done == 0 ? e.Prefix : e.Target[(done - 1)..(done - 1 + count)]).Select(id => (long)id)];
            long[] mask = [.. Enumerable.Repeat(1L, batch.Length * (done == 0 ? prefix : prefix + done - 1 + count))];
            var (logits, shape) = _graph.Run(batch.Length, ids, mask);
            var expected = _baseline?.Run(batch.Length, ids, mask).Logits ?? logits;
            for (var row = 0; row < batch.Length; row++)
            {
                for (var i = 0; i < count; i++)
                {
                    // The last ones: with the logits of all positions, the first call has those of prefix and pauses too.
                    var at = (int)((((row + 1) * shape[1]) - count + i) * shape[2]);
                    var width = (int)shape[2];
                    isRight[row] &= _tally.Add(logits.AsSpan(at, width), expected.AsSpan(at, width), batch[row].Target[done + i]);
                }
            }
        }

        Array.ForEach(isRight, _tally.AddExample);
        _graph.Reset();
        _baseline?.Reset();
    }
}
