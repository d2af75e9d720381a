using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Lowering;
using PauseOnnx.Exporter.Weights;
using PauseOnnx.Model;
using PauseOnnx.Model.Safetensors;

namespace PauseOnnx.Tests.Support;

/// <summary>
/// A checkpoint in float32 whose weights are what a precision makes of another checkpoint's. Its logits are those that an
/// export in that precision should have, but for what computing in it rounds.
/// </summary>
internal static class RoundedCheckpoint
{
    /// <summary>Writes config.json and model.safetensors. The head is untied, as it is not rounded as the embedding is.</summary>
    /// <param name="source">The checkpoint whose weights are rounded.</param>
    /// <param name="folder">Where to.</param>
    /// <param name="precision">One that rounds weights.</param>
    /// <param name="quantization">How, where it makes integers of them.</param>
    public static void Write(string source, string folder, GraphPrecision precision, QuantizationOptions quantization)
    {
        Directory.CreateDirectory(folder);
        var config = ModelConfigJson.Read(Path.Combine(source, FileNames.Config));
        var untied = config with { TieWordEmbeddings = false };
        ModelConfigJson.Write(untied, Path.Combine(folder, FileNames.Config), eosTokenId: null);
        using var weights = CheckpointWeights.Open(source, config);
        var names = new WeightNames(config);
        var writer = new SafetensorsWriter();
        foreach (var (name, shape) in new WeightNames(untied).All())
        {
            var stored = name == new WeightNames(untied).Head ? names.Head : name;
            var isHead = stored != name || (name == names.Head && !config.TieWordEmbeddings);
            var isInOut = Families.Of(config.Family).LinearIsInOut && !isHead;
            writer.Add(name, [.. shape.Select(d => (long)d)], precision switch
            {
                GraphPrecision.Fp16 => Array.ConvertAll(weights.ReadFloats(stored), x => (float)(Half)x),
                _ when shape.Count == 1 => weights.ReadFloats(stored),
                GraphPrecision.Bf16 => Array.ConvertAll(weights.ReadFloats(stored), ToBfloat16),
                _ when name == WeightNames.Positions => weights.ReadFloats(stored),
                _ when name == names.Embedding => new QuantizedRows(new WeightData(weights, name, shape[0])).Dequantize(),
                _ => Dequantized(new LinearData(weights, [OutputRange.All(weights, stored, isInOut)], isInOut), isInOut, isHead && precision == GraphPrecision.BlockInt4 ? GraphPrecision.BlockInt8 : precision, quantization, config.IntermediateSize),
            });
        }

        writer.Save(Path.Combine(folder, FileNames.Weights));
    }

    // As the checkpoint has it, [out, in] or [in, out].
    private static float[] Dequantized(LinearData matrix, bool isInOut, GraphPrecision precision, QuantizationOptions quantization, int intermediateSize)
    {
        var values = precision switch
        {
            GraphPrecision.DynamicInt8 when matrix.Inputs == intermediateSize => Gathered(new ColumnQuantizedMatrix(new SpreadMatrix(matrix)).Dequantize(), matrix.Outputs),
            GraphPrecision.DynamicInt8 => new ColumnQuantizedMatrix(matrix).Dequantize(),
            GraphPrecision.BlockInt8 => new QuantizedMatrix(matrix, quantization.Scheme(8)).Dequantize(),
            _ => new QuantizedMatrix(matrix, quantization.Scheme(4)).Dequantize(),
        };
        var (inputs, outputs) = ((int)matrix.Inputs, matrix.Outputs);
        return isInOut ? values : [.. Enumerable.Range(0, values.Length).Select(i => values[(i % inputs * outputs) + (i / inputs)])];
    }

    // What HadamardMatrix spread, back in its place.
    private static float[] Gathered(float[] values, int outputs)
    {
        HadamardMatrix.MultiplyRows(values, values.Length / outputs, outputs, outputs);
        return values;
    }

    // To nearest, ties to even.
    private static float ToBfloat16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + ((bits >> 16) & 1)) & 0xFFFF0000);
    }
}
