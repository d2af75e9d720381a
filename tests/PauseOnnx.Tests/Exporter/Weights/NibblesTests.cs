using NUnit.Framework;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

public class NibblesTests
{
    [Test]
    public void Pack_OfAnyNumber_PutsTheFirstOfAPairLow()
    {
        var random = new Random(2);
        for (var count = 0; count <= 300; count++)
        {
            var values = Enumerable.Range(0, count).Select(_ => (byte)random.Next(16)).ToArray();
            var packed = new byte[Nibbles.BytesOf(count)];
            Nibbles.Pack(values, packed);
            Assert.That(packed, Is.EqualTo(values.Chunk(2).Select(p => (byte)(p[0] | (p.ElementAtOrDefault(1) << 4)))), $"{count} integers");
        }
    }
}
