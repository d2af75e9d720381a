using NUnit.Framework;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

public class SpreadMatrixTests
{
    private const int Size = HadamardMatrix.Size;

    [Test]
    public void HadamardMatrix_IsItsOwnInverse()
    {
        var matrix = HadamardMatrix.Values();
        for (var i = 0; i < Size * Size; i++)
        {
            var product = Enumerable.Range(0, Size).Sum(k => matrix[(i / Size * Size) + k] * matrix[(k * Size) + (i % Size)]);
            Assert.That(product, Is.EqualTo(i / Size == i % Size ? 1 : 0).Within(1e-6));
        }
    }

    [Test]
    public void Read_OfAnyColumns_GivesEachBlockOfRowsTimesTheMatrix([Values(1, 7)] int columns, [Values(0, 2)] int firstColumn)
    {
        var source = PlainMatrix.Random(3 * Size, 9);
        var (tile, hadamard, stride) = (new float[2 * Size * 10], HadamardMatrix.Values(), 10);
        new SpreadMatrix(source).Read(Size, 2 * Size, firstColumn, columns, tile, stride);
        for (var row = 0; row < 2 * Size; row++)
        {
            for (var column = 0; column < columns; column++)
            {
                var block = Size + (row / Size * Size);
                var expected = Enumerable.Range(0, Size).Sum(k => hadamard[(row % Size * Size) + k] * source.Values[((block + k) * 9) + firstColumn + column]);
                Assert.That(tile[(row * stride) + column], Is.EqualTo(expected).Within(1e-6));
            }
        }
    }

    [TestCase(1, Size)]
    [TestCase(0, Size - 1)]
    public void Read_OfAPartOfABlock_IsRefused(int first, int rows) => Assert.That(
        () => new SpreadMatrix(PlainMatrix.Random(2 * Size, 4)).Read(first, rows, 0, 4, new float[Size * 4], 4),
        Throws.ArgumentException.With.Message.StartsWith($"Rows {first} to {first + rows}; expected multiples of {Size}."));
}
