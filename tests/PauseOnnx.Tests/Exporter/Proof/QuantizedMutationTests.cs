using NUnit.Framework;
using PauseOnnx.Exporter;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Onnx;
using PauseOnnx.Exporter.Proof;
using PauseOnnx.Model;

namespace PauseOnnx.Tests.Exporter.Proof;

/// <summary>
/// Mistakes in integers, their scales and zero points. A precision may lose so much that the proof of an export must let small
/// ones pass; the comparison with rounded weights lets none of these pass.
/// </summary>
public class QuantizedMutationTests
{
    private const string Down = "model.layers.0.mlp.down_proj.weight.matrix";

    private static readonly Dictionary<string, (GraphPrecision Precision, bool IsSymmetric, Action<Graph, ExternalData, byte[]> Spoil)> Mistakes = new()
    {
        ["the high bit of one int4 weight"] = (GraphPrecision.BlockInt4, true, (g, d, bytes) => bytes[Offset(g, d, $"{Down}.values")] ^= 0x08),
        ["the other half of a byte of int4 weights"] = (GraphPrecision.BlockInt4, true, (g, d, bytes) => Turn(ref bytes[Offset(g, d, $"{Down}.values")])),
        ["one int8 weight"] = (GraphPrecision.BlockInt8, true, (g, d, bytes) => bytes[Offset(g, d, $"{Down}.values")] ^= 0x40),
        ["a bit of one scale's exponent"] = (GraphPrecision.BlockInt4, true, (g, d, bytes) => bytes[Offset(g, d, $"{Down}.scales") + 2] ^= 0x80),
        ["one zero point"] = (GraphPrecision.BlockInt4, false, (g, d, bytes) => bytes[Offset(g, d, $"{Down}.zero_points")] ^= 0x01),
        ["one weight of the embedding"] = (GraphPrecision.BlockInt8, true, (g, d, bytes) => bytes[Offset(g, d, "model.embed_tokens.weight.values") + (16 * 20)] ^= 0x40),
    };

    private static IEnumerable<string> MistakeNames => Mistakes.Keys;

    [TestCaseSource(nameof(MistakeNames))]
    public void Mistake_IsFoundByTheRoundedWeights(string mistake)
    {
        var (precision, isSymmetric, spoil) = Mistakes[mistake];
        var quantization = new QuantizationOptions { IsSymmetric = isSymmetric };
        using var rounded = new MutatedModel("llama", ExportTarget.Standard, precision, quantization: quantization, isRounded: true);
        var graph = rounded.Make(rounded.Passes);
        Assert.That(rounded.Prove(() => graph), Is.EqualTo(Noticed.Nobody));
        Assert.That(rounded.LargestRelativeError, Is.LessThan(Tolerances.RelativeErrorOfRoundedWeights(precision)));

        var noticed = rounded.Prove(() => graph, (data, bytes) => spoil(graph, data, bytes));
        TestContext.Out.WriteLine($"{rounded.LargestRelativeError:G3}, by the proof of the export: {noticed}");
        Assert.That(rounded.LargestRelativeError, Is.GreaterThan(10 * Tolerances.RelativeErrorOfRoundedWeights(precision)));
    }

    private static long Offset(Graph graph, ExternalData data, string name) => data.OffsetOf(graph.Find(name)!)!.Value;

    private static void Turn(ref byte nibbles) => nibbles = (byte)((nibbles << 4) | (nibbles >> 4));
}
