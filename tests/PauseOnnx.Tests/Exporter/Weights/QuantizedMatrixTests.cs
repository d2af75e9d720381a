using System.Runtime.InteropServices;
using NUnit.Framework;
using PauseOnnx.Exporter.Ir;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

/// <summary>Blocks of inputs as integers, against plain loops.</summary>
public class QuantizedMatrixTests
{
    [Test]
    public void Parts_MeanWhatDequantizeGives_AndComeWithinAStepOfTheWeights(
        [Values(4, 8)] int bits, [Values] bool isSymmetric, [Values] bool isSearched, [Values(32, 128)] int blockSize, [Values(1, 33, 300)] int inputs, [Values(1, 7, 130)] int outputs)
    {
        var scheme = Scheme(bits, isSymmetric, isSearched) with { BlockSize = blockSize };
        var matrix = PlainMatrix.Random(inputs, outputs);
        var quantized = new QuantizedMatrix(matrix, scheme);
        var (values, scales, zeroPoints) = Written(quantized, scheme, matrix.Values.Length);

        var blocks = (inputs + blockSize - 1) / blockSize;
        Assert.That((quantized.Blocks, scales.Length, zeroPoints.Length), Is.EqualTo((blocks, blocks * outputs, isSymmetric ? 0 : blocks * outputs)));
        Assert.That(scales, Is.All.GreaterThan(0));
        var expected = new float[inputs * outputs];
        for (var i = 0; i < expected.Length; i++)
        {
            var block = (i / outputs / blockSize * outputs) + (i % outputs);
            expected[i] = (values[i] - (isSymmetric ? 0 : zeroPoints[block])) * scales[block];

            // A searched scale may clip the largest weights of a block.
            Assert.That(expected[i], Is.EqualTo(matrix.Values[i]).Within((isSearched ? 4 : 0.51 + (isSymmetric ? 0 : 0.5)) * scales[block]));
        }

        Assert.That(quantized.Dequantize(), Is.EqualTo(expected));
    }

    [Test]
    public void RangeSymmetric_IsTheLeastScaleThatClipsNothing([Values(4, 8)] int bits)
    {
        var (matrix, scheme) = (PlainMatrix.Random(64, 9), Scheme(bits, isSymmetric: true));
        var (values, scales, _) = Written(new(matrix, scheme), scheme, 64 * 9);
        var (lowest, highest) = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1);
        for (var block = 0; block < 2; block++)
        {
            for (var column = 0; column < 9; column++)
            {
                var weights = Enumerable.Range(32 * block, 32).Select(row => matrix.Values[(row * 9) + column]).ToArray();
                var scale = Math.Max(weights.Min() / lowest, weights.Max() / highest);
                Assert.That(scales[(block * 9) + column], Is.EqualTo(scale));
                Assert.That(
                    Enumerable.Range(32 * block, 32).Select(row => values[(row * 9) + column]),
                    Is.EqualTo(weights.Select(w => (int)Math.Clamp(MathF.Round(w / scale), lowest, highest))));
            }
        }
    }

    [Test]
    public void RangeAsymmetric_CoversTheRangeAndZero([Values(4, 8)] int bits, [Values(-1f, 0f, 1f)] float shift)
    {
        var scheme = Scheme(bits, isSymmetric: false);
        var matrix = new PlainMatrix(32, 3, [.. PlainMatrix.Random(32, 3).Values.Select(v => v + shift)]);
        var (_, scales, zeroPoints) = Written(new(matrix, scheme), scheme, 32 * 3);
        var top = (1 << bits) - 1;
        for (var column = 0; column < 3; column++)
        {
            var weights = Enumerable.Range(0, 32).Select(row => matrix.Values[(row * 3) + column]).ToArray();
            var (least, largest) = (Math.Min(0, weights.Min()), Math.Max(0, weights.Max()));
            Assert.That(scales[column], Is.EqualTo((largest - least) / top).Within(1e-6f * scales[column]));
            Assert.That(zeroPoints[column], Is.EqualTo((int)MathF.Round(-least / scales[column])));
        }
    }

    [Test]
    public void LeastError_IsNeverWorseThanRange_AndMuchBetterOverall([Values(4, 8)] int bits, [Values] bool isSymmetric)
    {
        var matrix = PlainMatrix.Random(320, 130);
        var range = new QuantizedMatrix(matrix, Scheme(bits, isSymmetric)).Dequantize();
        var searched = new QuantizedMatrix(matrix, Scheme(bits, isSymmetric, isSearched: true)).Dequantize();
        var (rangeErrors, errors) = (BlockErrors(matrix, range), BlockErrors(matrix, searched));
        for (var block = 0; block < errors.Length; block++)
        {
            Assert.That(errors[block], Is.LessThanOrEqualTo(rangeErrors[block] * 1.00001));
        }

        Assert.That(errors.Sum() / rangeErrors.Sum(), Is.LessThan(0.91));
    }

    [Test]
    public void BlocksOfZerosOrOfNextToNothing_AreZeros(
        [Values(4, 8)] int bits, [Values] bool isSymmetric, [Values] bool isSearched, [Values(0f, -0f, 1e-38f, float.Epsilon)] float value)
    {
        var values = Enumerable.Repeat(value, 64 * 5).ToArray();
        values[2] = 1;
        var quantized = new QuantizedMatrix(new PlainMatrix(64, 5, values), Scheme(bits, isSymmetric, isSearched));
        var scales = MemoryMarshal.Cast<byte, float>(TensorBytes.Of(quantized.Scales)).ToArray();
        Assert.That(scales.Where((_, i) => i != 2), Is.All.EqualTo(1));
        Assert.That(quantized.Dequantize().Where((_, i) => i != 2), Is.All.EqualTo(0));
        Assert.That(quantized.Dequantize()[2], Is.EqualTo(1).Within(1e-6));
    }

    [Test]
    public void OneHugeWeight_IsKept_WhateverBecomesOfItsNeighbours(
        [Values(4, 8)] int bits, [Values] bool isSymmetric, [Values] bool isSearched, [Values(1e30f, -1e30f, 3e38f, -3e38f)] float huge)
    {
        var values = PlainMatrix.Random(32, 5).Values;
        values[(7 * 5) + 2] = huge;
        var kept = new QuantizedMatrix(new PlainMatrix(32, 5, values), Scheme(bits, isSymmetric, isSearched)).Dequantize();
        Assert.That(kept, Is.All.Matches<float>(float.IsFinite));
        Assert.That(kept[(7 * 5) + 2] / huge, Is.EqualTo(1).Within(0.001));
        Assert.That(kept.Where((_, i) => i % 5 != 2), Is.EqualTo(values.Where((_, i) => i % 5 != 2)).Within(0.02));
    }

    [Test]
    public void ColumnsInAnotherOrder_GiveTheSameInThatOrder([Values] bool isSymmetric)
    {
        const int inputs = 70, outputs = 75;
        var matrix = PlainMatrix.Random(inputs, outputs);
        var order = Enumerable.Range(0, outputs).ToArray();
        new Random(4).Shuffle(order);
        var shuffled = new PlainMatrix(inputs, outputs, [.. Enumerable.Range(0, inputs * outputs).Select(i => matrix.Values[(i / outputs * outputs) + order[i % outputs]])]);
        var (kept, keptShuffled) = (
            new QuantizedMatrix(matrix, Scheme(4, isSymmetric, isSearched: true)).Dequantize(),
            new QuantizedMatrix(shuffled, Scheme(4, isSymmetric, isSearched: true)).Dequantize());
        Assert.That(keptShuffled, Is.EqualTo(Enumerable.Range(0, inputs * outputs).Select(i => kept[(i / outputs * outputs) + order[i % outputs]])));
    }

    [Test]
    public void Parts_WrittenInAnyOrderAndTwice_AreTheSame([Values(4, 8)] int bits)
    {
        var matrix = PlainMatrix.Random(100, 33);
        QuantizedMatrix Create() => new(matrix, Scheme(bits, isSymmetric: false, isSearched: true));
        var first = Create();
        byte[][] expected = [TensorBytes.Of(first.Values), TensorBytes.Of(first.Scales), TensorBytes.Of(first.ZeroPoints!)];
        var second = Create();
        TensorData[] parts = [second.Values, second.Scales, second.ZeroPoints!];
        foreach (var part in new[] { 2, 1, 1, 0, 0, 2, 1, 2, 0 })
        {
            Assert.That(TensorBytes.Of(parts[part]), Is.EqualTo(expected[part]));
        }
    }

    // So many columns that 32 rows are a tile.
    [Test]
    public void TilesThatEndInsideABlock_TakeItsZeroPoints()
    {
        var (matrix, scheme) = (PlainMatrix.Random(160, 5000), Scheme(8, isSymmetric: false) with { BlockSize = 128 });
        Assert.That(matrix.TileRows, Is.LessThan(128));
        var quantized = new QuantizedMatrix(matrix, scheme);
        var (values, scales, zeroPoints) = Written(quantized, scheme, matrix.Values.Length);
        var expected = values.Select((v, i) => (v - zeroPoints[(i / 5000 / 128 * 5000) + (i % 5000)]) * scales[(i / 5000 / 128 * 5000) + (i % 5000)]);
        Assert.That(quantized.Dequantize(), Is.EqualTo(expected));
    }

    [Test]
    public void Scales_AreFoundOnce_AndLetGoWhenAllIsWritten()
    {
        var matrix = PlainMatrix.Random(64, 64);
        var quantized = new QuantizedMatrix(matrix, Scheme(4, isSymmetric: false, isSearched: true));
        long Reads(TensorData? part)
        {
            var before = matrix.ReadCount;
            TensorBytes.Of(part!);
            return (matrix.ReadCount - before) / matrix.Count;
        }

        Assert.That(new[] { Reads(quantized.Scales), Reads(quantized.Values), Reads(quantized.Scales), Reads(quantized.ZeroPoints) }, Is.EqualTo(new[] { 1, 1, 0, 0 }));
        Assert.That(Reads(quantized.Scales), Is.EqualTo(1), "found again, as they were let go");
    }

    private static QuantizationScheme Scheme(int bits, bool isSymmetric, bool isSearched = false) =>
        new(bits, isSymmetric, isSearched ? ScaleSearch.LeastError : ScaleSearch.Range, BlockSize: 32);

    private static double[] BlockErrors(PlainMatrix matrix, float[] kept)
    {
        var errors = new double[(matrix.Inputs + 31) / 32 * matrix.Outputs];
        for (var i = 0; i < kept.Length; i++)
        {
            errors[(i / matrix.Outputs / 32 * matrix.Outputs) + (i % matrix.Outputs)] += Math.Pow((double)kept[i] - matrix.Values[i], 2);
        }

        return errors;
    }

    // Integers of the written tensors, whatever they are packed in.
    private static (int[] Values, float[] Scales, int[] ZeroPoints) Written(QuantizedMatrix quantized, QuantizationScheme scheme, int count)
    {
        var scales = MemoryMarshal.Cast<byte, float>(TensorBytes.Of(quantized.Scales)).ToArray();
        return (
            Unpack(TensorBytes.Of(quantized.Values), scheme, count),
            scales,
            quantized.ZeroPoints is { } zeroPoints ? Unpack(TensorBytes.Of(zeroPoints), scheme, scales.Length) : []);
    }

    private static int[] Unpack(byte[] bytes, QuantizationScheme scheme, int count)
    {
        Assert.That(bytes, Has.Length.EqualTo(scheme.Bits == 4 ? (count + 1) / 2 : count));
        return [.. Enumerable.Range(0, count).Select(i => (scheme.Bits, scheme.IsSymmetric) switch
        {
            (8, true) => (sbyte)bytes[i],
            (8, false) => bytes[i],
            (_, true) => (sbyte)(((bytes[i / 2] >> (i % 2 * 4)) & 0xF) << 4) >> 4,
            _ => (bytes[i / 2] >> (i % 2 * 4)) & 0xF,
        })];
    }
}
