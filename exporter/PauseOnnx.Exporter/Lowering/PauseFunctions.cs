using PauseOnnx.Exporter.Ir;
using PauseOnnx.Model;

namespace PauseOnnx.Exporter.Lowering;

/// <summary>
/// The two operators of domain ai.pauseonnx, version 1: the delay of pause-inference inside the graph, so that a host
/// decodes as it always does. The first call is the one without a past.
/// </summary>
/// <remarks>See <see href="https://arxiv.org/abs/2310.02226">Goyal et al., section 3.3</see>.</remarks>
internal static class PauseFunctions
{
    private const string PauseId = "pause_id";
    private const string PastLength = "past_length";

    /// <summary>
    /// AppendPause(input_ids [B, T], attention_mask [B, H], past_length [1], pause_count []) {pause_id}: on the first call,
    /// the one whose past has no length, appends M pauses; later none. The mask is completed by ones at its end, which is exact because everything after
    /// the left padding is real. Positions are derived from the mask; a host's own would not count the pauses.
    /// </summary>
    public static Function AppendPause { get; } = BuildAppendPause();

    /// <summary>
    /// DelayedOutput(hidden [B, T, ...], past_length [1]): on the first call only the last position, so that what follows
    /// never runs on ignored positions; later all. For any type and any rank from 2; positions are on axis 1.
    /// </summary>
    public static Function DelayedOutput { get; } = BuildDelayedOutput();

    /// <summary>Calls <see cref="AppendPause"/>: ids [B, T'], mask [B, S] and positions [B, T'], all int64.</summary>
    public static (Value Ids, Value Mask, Value Positions) CallAppendPause(
        GraphBuilder b, Letters dims, Value inputIds, Value attentionMask, Value pastLength, Value pauseCount, int pauseId)
    {
        var results = b.Call(
            AppendPause,
            [inputIds, attentionMask, pastLength, pauseCount],
            [(DType.Int64, [dims.B, dims.T]), (DType.Int64, [dims.B, dims.S]), (DType.Int64, [dims.B, dims.T])],
            [(PauseId, new IntAttribute(pauseId))]);
        return (results[0], results[1], results[2]);
    }

    /// <summary>Calls <see cref="DelayedOutput"/>: hidden [B, T_out, ...].</summary>
    public static Value CallDelayedOutput(GraphBuilder b, Letters dims, Value hidden, Value pastLength) =>
        b.Call(DelayedOutput, [hidden, pastLength], [(hidden.Type, hidden.Shape.With(1, dims.OutputLength))], [])[0];

    private static Function BuildAppendPause()
    {
        var b = new GraphBuilder(GraphNames.AppendPause);
        var ids = b.Input("input_ids", DType.Int64, ["B", "T"]);
        var mask = b.Input("attention_mask", DType.Int64, ["B", "H"]);
        var past = b.Input(PastLength, DType.Int64, [1]);
        var pauseCount = b.Input("pause_count", DType.Int64, []);

        // m = (P == 0) * pause_count
        var isFirst = b.Cast(b.Equal(past, b.Vector(0)), DType.Int64);
        var pauses = b.Mul(isFirst, pauseCount);

        // ids' = ids ++ pause_id x m
        var batch = b.DimOf(ids, 0);
        var pauseIds = b.Expand(b.AttributeOfFunction(PauseId), b.Concat(0, [batch, pauses]), ["B", "m"]);
        b.Output(b.Concat(1, [ids, pauseIds], "T + m", "paused_ids"));

        // mask' = mask ++ ones(max(P + T + m - H, 0))
        var length = b.Add(b.DimOf(ids, 1), pauses);
        var missing = b.Max(b.Sub(b.Add(past, length), b.DimOf(mask, 1)), b.Vector(0));
        var ones = b.Expand(b.Scalar(1), b.Concat(0, [batch, missing]), ["B", "missing"]);
        var pausedMask = b.Concat(1, [mask, ones], "P + T + m", "paused_mask");
        b.Output(pausedMask);

        // position_ids = max(cumsum(mask') - 1, 0)[-(T + m):], summed in float32, exact to 2^24: TensorRT sums no integers.
        var sums = b.Cast(b.CumSum(b.Cast(pausedMask, DType.Float32), 1), DType.Int64);
        var positions = b.Max(b.Sub(sums, b.Scalar(1)), b.Scalar(0));
        b.Output(b.SliceFrom(positions, 1, b.Neg(length), "T + m", "position_ids"));
        return new Function(GraphNames.Domain, GraphNames.DomainVersion, b.Graph, [PauseId]);
    }

    private static Function BuildDelayedOutput()
    {
        var b = new GraphBuilder(GraphNames.DelayedOutput);
        var hidden = b.Input("hidden", DType.Float32, ["B", "T", "C"]);
        var past = b.Input(PastLength, DType.Int64, [1]);

        // From -1, the last position, on the first call; from 0 later.
        var isFirst = b.Cast(b.Equal(past, b.Vector(0)), DType.Int64);
        b.Output(b.SliceFrom(hidden, 1, b.Neg(isFirst), "T_out", "output"));
        return new Function(GraphNames.Domain, GraphNames.DomainVersion, b.Graph, []);
    }
}
