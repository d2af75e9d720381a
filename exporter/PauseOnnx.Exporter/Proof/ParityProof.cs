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
    /// <param name="precision">The file's precision, which decides what is near enough.</param>
    /// <param name="meter">Told of each case; cancels between calls.</param>
    /// <exception cref="ExportException">ONNX Runtime refuses the file, or logits differ; the first one is named.</exception>
    public static IReadOnlyList<ParityReport> Run(string file, ExportPlan plan, GraphPrecision precision, ExportMeter meter)
    {
        try
        {
            var reports = new List<ParityReport>();
            foreach (var group in plan.Reference.GroupBy(c => c.PauseCount))
            {
                // The default is proven as a default: without giving it.
                var isGiven = plan.IsDynamic && group.Key != plan.PauseCount;
                var settings = new DecoderSettings
                {
                    HasSharedCache = plan.Target.HasSharedCache,
                    MaxLength = plan.Reference.Max(ExportPlan.LengthOf),
                    PauseCount = isGiven ? group.Key : null,
                    IsFrugal = plan.Options.Verify == Verification.Quick,
                };
                using var session = new DecoderSession(file, plan.Config, settings);
                foreach (var reference in group)
                {
                    reports.Add(Compare(session, plan, precision, reference, meter.CancellationToken));
                    meter.Proven();
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

    private static ParityReport Compare(
        DecoderSession session, ExportPlan plan, GraphPrecision precision, ReferenceCase reference, CancellationToken cancellationToken)
    {
        var (batch, mask, comparison) = (reference.Batch, reference.AttentionMask, new Comparison(reference));
        for (var step = 0; step <= reference.Steps; step++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            var ids = step == 0 ? reference.InputIds : Column(reference.NextIds, batch, step - 1);
            mask = step == 0 ? mask : AppendOnes(mask, batch);
            var (logits, shape) = session.Run(batch, ids, mask);

            // With the logits of all positions, the first call has those of the prompt and of the pauses too.
            var positions = plan.Logits == LogitsOf.All && step == 0 ? reference.PromptLength + reference.PauseCount : 1;
            if (!shape.SequenceEqual([batch, positions, reference.OrdinaryVocabSize]))
            {
                throw new ExportException(Stage, $"case {reference.Name}, {Comparison.CallName(step)}, logits are [{string.Join(", ", shape)}]; expected [{batch}, {positions}, {reference.OrdinaryVocabSize}].");
            }

            comparison.Add(step, logits, positions, precision);
        }

        return comparison.Report(precision);
    }

    private static long[] Column(long[] values, int batch, int column) =>
        [.. Enumerable.Range(0, batch).Select(row => values[(row * (values.Length / batch)) + column])];

    private static long[] AppendOnes(long[] mask, int batch) => [.. mask.Chunk(mask.Length / batch).SelectMany(row => row.Append(1L))];
}
