namespace PauseOnnx.Exporter.Ir;

/// <content>The operators of decoders: norms, positions, attention and its cache, quantized weights.</content>
internal sealed partial class GraphBuilder
{
    /// <summary>ONNX's number for float32, as attributes that choose a type of computation want it.</summary>
    private const int Float = 1;

    /// <summary>Layer normalization over the last axis, computed in float32 (opset 17).</summary>
    public Value LayerNormalization(Value x, Value scale, Value shift, float epsilon) =>
        Emit("LayerNormalization", [x, scale, shift], x.Type, x.Shape, [("axis", new IntAttribute(-1)), ("epsilon", new FloatAttribute(epsilon))]);

    /// <summary>x / sqrt(mean(x^2) + eps) * scale over the last axis, computed in float32 (opset 23).</summary>
    public Value RmsNormalization(Value x, Value scale, float epsilon) =>
        Emit("RMSNormalization", [x, scale], x.Type, x.Shape, [("axis", new IntAttribute(-1)), ("epsilon", new FloatAttribute(epsilon))]);

    /// <summary>x Phi(x), or its approximation by tanh (opset 20).</summary>
    public Value Gelu(Value x, bool isTanh) => Emit("Gelu", [x], x.Type, x.Shape, [("approximate", new StringAttribute(isTanh ? "tanh" : "none"))]);

    /// <summary>
    /// Turns the first R elements of each head by its token's position: element i with element i + R/2 (opset 23).
    /// </summary>
    /// <param name="x">[B, T, heads D].</param>
    /// <param name="cosine">[positions, R/2].</param>
    /// <param name="sine">[positions, R/2].</param>
    /// <param name="positions">int64 [B, T].</param>
    /// <param name="heads">How many heads lie side by side.</param>
    /// <param name="rotaryDim">R; 0 for all of a head.</param>
    public Value RotaryEmbedding(Value x, Value cosine, Value sine, Value positions, long heads, long rotaryDim) => Emit(
        "RotaryEmbedding",
        [x, cosine, sine, positions],
        x.Type,
        x.Shape,
        [("num_heads", new IntAttribute(heads)), ("rotary_embedding_dim", new IntAttribute(rotaryDim))]);

    /// <summary>
    /// softmax(q k' / sqrt(D) + mask) v over past and new positions, softmax in float32 (opset 23). H and K are the heads of
    /// queries and of keys and values; H / K query heads share keys.
    /// </summary>
    /// <param name="queries">[B, T, H D].</param>
    /// <param name="keys">[B, T, K D].</param>
    /// <param name="values">[B, T, K D].</param>
    /// <param name="mask">What is added to the scores, [B, 1, T, S].</param>
    /// <param name="past">Keys and values so far, [B, K, P, D] each.</param>
    /// <param name="present">Names and lengths of keys and values with the new ones, [B, K, S, D] each.</param>
    /// <returns>The result [B, T, H D], and the present keys and values.</returns>
    public (Value Output, Value Keys, Value Values) Attention(
        Value queries, Value keys, Value values, Value mask, (Value Key, Value Value) past, (string Key, string Value, Dim Length) present)
    {
        var (k, d) = (past.Key.Shape[1].Length!.Value, past.Key.Shape[3].Length!.Value);
        var (width, rest) = Math.DivRem(queries.Shape[2].Length!.Value, d);
        Require(rest == 0 && keys.Shape[2] == k * d && values.Shape[2] == k * d, $"Attention of {queries}, {keys} and {values} with a past of {past.Key}");
        Value[] outputs =
        [
            new(NextName("Attention"), queries.Type, queries.Shape),
            new(present.Key, past.Key.Type, past.Key.Shape.With(2, present.Length)),
            new(present.Value, past.Value.Type, past.Value.Shape.With(2, present.Length)),
        ];
        (string, Attribute)[] attributes =
        [
            ("q_num_heads", new IntAttribute(width)), ("kv_num_heads", new IntAttribute(k)), ("softmax_precision", new IntAttribute(Float)),
        ];
        Add("Attention", "", [queries, keys, values, mask, past.Key, past.Value], outputs, attributes);
        return (outputs[0], outputs[1], outputs[2]);
    }

    /// <summary>The same over all positions at once, without a past: heads of <see cref="HeadsFirst"/> (opset 23).</summary>
    /// <param name="queries">[B, H, T, D].</param>
    /// <param name="keys">[B, K, S, D].</param>
    /// <param name="values">[B, K, S, D].</param>
    /// <param name="mask">What is added to the scores, [B, 1, T, S].</param>
    /// <returns>[B, H, T, D].</returns>
    public Value Attention(Value queries, Value keys, Value values, Value mask) =>
        Emit("Attention", [queries, keys, values, mask], queries.Type, queries.Shape, [("softmax_precision", new IntAttribute(Float))]);

    /// <summary>[B, T, heads D] -> [B, heads, T, D].</summary>
    public Value HeadsFirst(Value x, long heads, long width) => Transpose(Reshape(x, [x.Shape[0], x.Shape[1], heads, width]), 0, 2, 1, 3);

    /// <summary>Puts new positions into a buffer behind those that it holds (opset 24).</summary>
    /// <param name="buffer">[B, K, max_length, D].</param>
    /// <param name="update">[B, K, T, D].</param>
    /// <param name="indices">int64 [B]: where the first goes in each row.</param>
    public Value TensorScatter(Value buffer, Value update, Value indices) =>
        Emit("TensorScatter", [buffer, update, indices], buffer.Type, buffer.Shape, [("axis", new IntAttribute(2))]);

    /// <summary>
    /// Attention over a buffer for past and present, with positions that are turned already (com.microsoft, version 1).
    /// </summary>
    /// <param name="queries">[B, T, H D].</param>
    /// <param name="keys">[B, T, K D].</param>
    /// <param name="values">[B, T, K D].</param>
    /// <param name="mask">What is added to the scores, [B, 1, T, S].</param>
    /// <param name="past">The buffers [B, K, max_length, D].</param>
    /// <param name="present">Names of the buffers after the call.</param>
    /// <param name="lengths">S - 1 for each row, int32 [B], and S, int32 [].</param>
    /// <param name="heads">H and K.</param>
    public (Value Output, Value Keys, Value Values) GroupQueryAttention(
        Value queries, Value keys, Value values, Value mask, (Value Key, Value Value) past, (string Key, string Value) present, (Value Last, Value Total) lengths, (long Queries, long Keys) heads)
    {
        Graph.Opsets[Operators.Microsoft] = 1;
        Value[] outputs =
        [
            new(NextName("GroupQueryAttention"), queries.Type, queries.Shape),
            past.Key with { Name = present.Key },
            past.Value with { Name = present.Value },
        ];
        Value[] inputs = [queries, keys, values, past.Key, past.Value, lengths.Last, lengths.Total, Value.None, Value.None, Value.None, mask];
        Add("GroupQueryAttention", Operators.Microsoft, inputs, outputs, [("num_heads", new IntAttribute(heads.Queries)), ("kv_num_heads", new IntAttribute(heads.Keys))]);
        return (outputs[0], outputs[1], outputs[2]);
    }

    /// <summary>RotaryEmbedding as com.microsoft has it, version 1: positions before the tables.</summary>
    public Value MicrosoftRotaryEmbedding(Value x, Value cosine, Value sine, Value positions, long heads, long rotaryDim)
    {
        Graph.Opsets[Operators.Microsoft] = 1;
        (string, Attribute)[] attributes = [("num_heads", new IntAttribute(heads)), ("rotary_embedding_dim", new IntAttribute(rotaryDim))];
        return Emit("RotaryEmbedding", [x, positions, cosine, sine], x.Type, x.Shape, attributes, domain: Operators.Microsoft);
    }

    /// <summary>RMSNormalization as ONNX Runtime has had it since before ONNX did: in ONNX's own domain, in no version of it.</summary>
    public Value SimplifiedLayerNormalization(Value x, Value scale, float epsilon) => Emit(
        "SimplifiedLayerNormalization",
        [x, scale],
        x.Type,
        x.Shape,
        [("axis", new IntAttribute(-1)), ("epsilon", new FloatAttribute(epsilon)), ("stash_type", new IntAttribute(Float))]);

    /// <summary>(values - zero points) * scales in blocks of rows (opset 21).</summary>
    /// <param name="values">[rows, columns] of 4 or 8 bits.</param>
    /// <param name="scales">[rows / block, columns] float32.</param>
    /// <param name="zeroPoints">[rows / block, columns] of the values' type; null for none.</param>
    /// <param name="block">Rows that share a scale.</param>
    public Value DequantizeLinear(Value values, Value scales, Value? zeroPoints, int block)
    {
        Value[] inputs = zeroPoints is null ? [values, scales] : [values, scales, zeroPoints];
        return Emit("DequantizeLinear", inputs, scales.Type, values.Shape, [("axis", new IntAttribute(0)), ("block_size", new IntAttribute(block))]);
    }

    /// <summary>x as uint8 with the scale (float32 []) and zero point (uint8 []) that its range needs (opset 11).</summary>
    public (Value Values, Value Scale, Value ZeroPoint) DynamicQuantizeLinear(Value x)
    {
        Value[] outputs =
        [
            new(NextName("DynamicQuantizeLinear"), DType.UInt8, x.Shape),
            new(NextName("DynamicQuantizeLinear/scale"), DType.Float32, []),
            new(NextName("DynamicQuantizeLinear/zero_point"), DType.UInt8, []),
        ];
        Add("DynamicQuantizeLinear", "", [x], outputs, []);
        return (outputs[0], outputs[1], outputs[2]);
    }

    /// <summary>(a - its zero point) by int8 b [in, out] -> int32 [..., out] (opset 10).</summary>
    public Value MatMulInteger(Value a, Value b, Value zeroPoint) =>
        Emit("MatMulInteger", [a, b, zeroPoint], DType.Int32, a.Shape.With(a.Shape.Count - 1, b.Shape[1]));
}
