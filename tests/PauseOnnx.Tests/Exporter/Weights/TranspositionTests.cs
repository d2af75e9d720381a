using NUnit.Framework;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

public class TranspositionTests
{
    [Test]
    public void Turn_OfAnySize_IsTheTransposedMatrixAndNothingMore()
    {
        var random = new Random(5);
        for (var rows = 0; rows <= 35; rows++)
        {
            for (var columns = 0; columns <= 19; columns++)
            {
                var (sourceStride, stride) = (columns + random.Next(3), rows + random.Next(3));
                var source = Enumerable.Range(0, rows * sourceStride).Select(_ => random.NextSingle()).ToArray();
                var (turned, expected) = (new float[columns * stride], new float[columns * stride]);
                for (var i = 0; i < rows * columns; i++)
                {
                    expected[(i % columns * stride) + (i / columns)] = source[(i / columns * sourceStride) + (i % columns)];
                }

                Assert.That(Transposition.Turn(source, sourceStride, rows, columns, turned, stride), Is.True);
                Assert.That(turned, Is.EqualTo(expected), $"[{rows}, {columns}]");
            }
        }
    }

    [Test]
    public void Turn_WithOneValueThatIsNotFinite_SaysSo([Values(float.NaN, float.PositiveInfinity, float.NegativeInfinity)] float value)
    {
        const int rows = 27, columns = 19;
        for (var i = 0; i < rows * columns; i++)
        {
            var source = new float[rows * columns];
            Array.Fill(source, -float.MaxValue);
            source[i] = value;
            Assert.That(Transposition.Turn(source, columns, rows, columns, new float[rows * columns], rows), Is.False, $"[{i / columns}, {i % columns}]");
        }
    }

    [Test]
    public void Turn_IntoTooLittle_IsRefused()
    {
        Assert.That(() => Transposition.Turn(new float[64], 8, 8, 8, new float[63], 8), Throws.InstanceOf<ArgumentException>());
        Assert.That(() => Transposition.Turn(new float[63], 8, 8, 8, new float[64], 8), Throws.InstanceOf<ArgumentException>());
    }
}
