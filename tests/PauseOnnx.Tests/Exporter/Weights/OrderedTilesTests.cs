using NUnit.Framework;
using PauseOnnx.Exporter.Weights;

namespace PauseOnnx.Tests.Exporter.Weights;

public class OrderedTilesTests
{
    private const int TileBytes = 1000;

    [TestCase(0)]
    [TestCase(1)]
    [TestCase(TileBytes)]
    [TestCase((37 * TileBytes) + 1)]
    public void Tiles_FilledInAnyOrder_AreWrittenInTheirs(int length)
    {
        using var stream = new MemoryStream();
        var (advanced, tiles) = (0L, 0);
        OrderedTiles.Write(stream, bytes => (advanced, tiles) = (advanced + bytes, tiles + 1), length, TileBytes, (offset, tile) =>
        {
            // Later ones are done sooner.
            Thread.Sleep((int)(offset / TileBytes % 3 * -2) + 4);
            for (var i = 0; i < tile.Length; i++)
            {
                tile[i] = At(offset + i);
            }
        });
        Assert.That(stream.ToArray(), Is.EqualTo(Enumerable.Range(0, length).Select(i => At(i))));
        Assert.That((advanced, tiles), Is.EqualTo(((long)length, (length + TileBytes - 1) / TileBytes)));
    }

    [Test]
    public void AtMostAFewTiles_AreAheadOfWriting()
    {
        var (filled, written, most) = (0, 0, 0);
        OrderedTiles.Write(Stream.Null, _ => Interlocked.Increment(ref written), 100 * TileBytes, TileBytes, (_, _) =>
        {
            var ahead = Interlocked.Increment(ref filled) - Volatile.Read(ref written);
            lock (Stream.Null)
            {
                most = Math.Max(most, ahead);
            }
        });
        Assert.That(most, Is.LessThanOrEqualTo(OrderedTiles.Ahead));
    }

    [TestCase("filling")]
    [TestCase("writing")]
    [TestCase("advancing")]
    public void Failure_IsThrownAsItIs_OnceNothingIsBeingFilledAnyMore(string place)
    {
        var running = 0;
        void FailIn(string current, bool now)
        {
            if (current == place && now)
            {
                throw new InvalidDataException(place);
            }
        }

        using var stream = new FailingStream(() => FailIn("writing", true));
        Assert.That(
            () => OrderedTiles.Write(stream, _ => FailIn("advancing", true), 50 * TileBytes, TileBytes, (offset, _) =>
            {
                Interlocked.Increment(ref running);
                try
                {
                    FailIn("filling", offset == 4 * TileBytes);
                    Thread.Sleep(20);
                }
                finally
                {
                    Interlocked.Decrement(ref running);
                }
            }),
            Throws.TypeOf<InvalidDataException>().With.Message.EqualTo(place));
        Assert.That(running, Is.Zero);
    }

    private static byte At(long index) => (byte)(index * 7 % 251);

    private sealed class FailingStream(Action write) : MemoryStream
    {
        public override void Write(byte[] buffer, int offset, int count) => write();
    }
}
