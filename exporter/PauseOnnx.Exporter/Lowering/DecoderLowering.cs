using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>How the delay is written into the graph.</summary>
/// <param name="PauseCount">M_inf, in tokens.</param>
/// <param name="IsDynamic">Whether a host may give another pause count when it runs the model.</param>
/// <param name="Logits">Which positions get logits.</param>
internal sealed record LoweringOptions(int PauseCount, bool IsDynamic = false, LogitsOf Logits = LogitsOf.Delayed);

/// <summary>
/// A checkpoint's decoder as a graph of ONNX's newest operators, with the inputs and outputs of <see cref="GraphNames"/> and a
/// growing cache. What a host lacks, the passes of its target express otherwise.
/// </summary>
internal static class DecoderLowering
{
    /// <summary>Builds the graph. Weights stay in the checkpoint until the graph is written.</summary>
    /// <exception cref="ArgumentException">The configuration makes operators that do not fit together.</exception>
    public static Graph Lower(ModelConfig config, CheckpointWeights weights, LoweringOptions options)
    {
        var c = new LoweringContext("decoder", config, weights);
        var (b, dims) = (c.B, c.Dims);

        var inputIds = b.Input(GraphNames.InputIds, DType.Int64, [dims.B, dims.HostLength]);
        var attentionMask = b.Input(GraphNames.AttentionMask, DType.Int64, [dims.B, dims.HostMaskLength]);
        var past = DeclarePast(c);
        var pastLength = b.DimOf(past[0].Key, 2);
        var pauseCount = DeclarePauseCount(c, options);

        var pauseId = config.Pause?.TokenId ?? 0; // A model without the token never appends it.
        var (ids, mask, positionIds) = PauseFunctions.CallAppendPause(b, dims, inputIds, attentionMask, pastLength, pauseCount, pauseId);
        var positions = c.Family.Positions(c, positionIds);
        var hidden = positions.AddTo(b.Gather(c.Weight(c.Names.Embedding), ids)); // [B, T, C]
        var seen = Attention.Mask(c, ids, mask);

        for (var layer = 0; layer < config.NumHiddenLayers; layer++)
        {
            using var scope = b.Scope($"layers.{layer}");
            var input = hidden;
            var normed = c.Family.Norm(c, input, c.Names.Layer(layer, c.Family.AttentionNorm));
            hidden = b.Add(input, Attention.Lower(c, normed, layer, positions, seen, past[layer]));
            normed = c.Family.Norm(c, config.UseParallelResidual ? input : hidden, c.Names.Layer(layer, c.Family.FeedForwardNorm));
            hidden = b.Add(hidden, c.Family.FeedForward(c, normed, layer));
        }

        hidden = Delay(c, hidden, pastLength, options.Logits); // [B, T_out, C]
        b.Graph.Outputs.Insert(0, Head(c, inputIds, c.Family.Norm(c, hidden, c.Names.FinalNorm[..^".weight".Length])));
        return b.Graph;
    }

    private static (Value Key, Value Value)[] DeclarePast(LoweringContext c)
    {
        Shape shape = [c.Dims.B, c.Config.NumKeyValueHeads, c.Dims.P, c.Config.HeadDim];
        return [.. Enumerable.Range(0, c.Config.NumHiddenLayers).Select(layer => (
            c.B.Input(GraphNames.PastKey(layer), DType.Float32, shape),
            c.B.Input(GraphNames.PastValue(layer), DType.Float32, shape)))];
    }

    private static Value DeclarePauseCount(LoweringContext c, LoweringOptions options)
    {
        var value = c.B.Initializer(GraphNames.PauseCount, DType.Int64, [], ConstantData.Of<long>(options.PauseCount));
        if (options.IsDynamic)
        {
            c.B.Graph.Inputs.Add(value);
        }

        return value;
    }

    private static Value Delay(LoweringContext c, Value hidden, Value pastLength, LogitsOf logits)
    {
        if (logits == LogitsOf.All)
        {
            return hidden;
        }

        var delayed = PauseFunctions.CallDelayedOutput(c.B, c.Dims, hidden, pastLength);
        return logits == LogitsOf.Delayed ? delayed : c.B.SliceFrom(delayed, 1, c.B.Vector(-1), 1);
    }

    // [B, T_out, C] -> [B, T_out, V]. The head's rows are the ordinary tokens', so <pause> is never emitted; a tied head is
    // the embedding's own bytes.
    private static Value Head(LoweringContext c, Value inputIds, Value hidden)
    {
        var b = c.B;
        using var scope = b.Scope("head");
        var rows = b.Reshape(hidden, b.Vector(-1, c.Config.HiddenSize), ["output_rows", c.Config.HiddenSize]);
        var logits = b.MatMulTransposed(rows, c.Weight(c.Names.Head, c.Config.OrdinaryVocabSize)); // [rows, V]
        var dims = b.Concat(0, [b.DimOf(inputIds, 0), b.Vector(-1, c.Config.OrdinaryVocabSize)]);
        return b.Reshape(logits, dims, hidden.Shape.With(2, c.Config.OrdinaryVocabSize), GraphNames.Logits);
    }
}
