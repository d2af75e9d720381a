using Microsoft.ML.OnnxRuntime;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Proof;

/// <summary>Runs an exported file in ONNX Runtime against the trainer's own logits.</summary>
internal static class ParityProof
{
    private const string Stage = "proof";

    /// <summary>Compares every case, call by call.</summary>
    /// <param name="file">The exported ONNX file.</param>
    /// <param name="plan">What was exported, and the reference.</param>
    /// <param name="progress">Called with the number of cases done.</param>
    /// <param name="cancellationToken">Checked before every call.</param>
    /// <exception cref="ExportException">ONNX Runtime refuses the file, or a logit differs; the first one is named.</exception>
    public static IReadOnlyList<ParityReport> Run(string file, ExportPlan plan, Action<int> progress, CancellationToken cancellationToken)
    {
        try
        {
            var reports = new List<ParityReport>();
            foreach (var group in plan.Reference.GroupBy(c => c.PauseCount))
            {
                // The default is proven as a default: without giving it.
                var isGiven = plan.IsDynamic && group.Key != plan.PauseCount;
                using var session = new DecoderSession(file, plan.Config, isGiven ? group.Key : null);
                foreach (var reference in group)
                {
                    reports.Add(Compare(session, reference, cancellationToken));
                    progress(reports.Count);
                    session.Reset();
                }
            }

            return reports;
        }
        catch (OnnxRuntimeException e)
        {
            throw new ExportException(Stage, $"ONNX Runtime refuses the file: {e.Message}", e);
        }
    }

    private static ParityReport Compare(DecoderSession session, ReferenceCase reference, CancellationToken cancellationToken)
    {
        var (batch, mask, worst) = (reference.Batch, reference.AttentionMask, 0.0);
        for (var step = 0; step <= reference.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var ids = step == 0 ? reference.InputIds : Column(reference.NextIds, batch, step - 1);
            mask = step == 0 ? mask : AppendOnes(mask, batch);
            var (logits, shape) = session.Run(batch, ids, mask);
            worst = Math.Max(worst, Compare(reference, step, logits, shape));
        }

        return new ParityReport(reference.Name, reference.PauseCount, batch, reference.Steps, worst, Tolerances.Logits);
    }

    private static double Compare(ReferenceCase reference, int step, float[] logits, long[] shape)
    {
        var call = step == 0 ? "first call" : $"decode step {step}";
        var width = reference.OrdinaryVocabSize;
        if (!shape.SequenceEqual([reference.Batch, 1, width]))
        {
            throw new ExportException(Stage, $"case {reference.Name}, {call}, logits are [{string.Join(", ", shape)}]; expected [{reference.Batch}, 1, {width}].");
        }

        var worst = 0.0;
        for (var i = 0; i < logits.Length; i++)
        {
            var (row, column) = (i / width, i % width);
            var expected = reference.Logits[(((row * (1 + reference.Steps)) + step) * width) + column];
            double difference = Math.Abs(logits[i] - expected);

            // Written so that NaN, which compares false with everything, fails too.
            if (!(difference <= Tolerances.Logits))
            {
                throw new ExportException(Stage, $"case {reference.Name}, {call}, logits[{row}, 0, {column}] is {logits[i]:G6}, expected {expected:G6}; difference {difference:G3} over {Tolerances.Logits:G3}.");
            }

            worst = Math.Max(worst, difference);
        }

        return worst;
    }

    private static long[] Column(long[] values, int batch, int column) =>
        [.. Enumerable.Range(0, batch).Select(row => values[(row * (values.Length / batch)) + column])];

    private static long[] AppendOnes(long[] mask, int batch) => [.. mask.Chunk(mask.Length / batch).SelectMany(row => row.Append(1L))];
}
