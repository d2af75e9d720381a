using System.Buffers;

namespace PauseOnnx.Exporter.Weights;

/// <summary>Fills consecutive bytes of a tensor.</summary>
/// <param name="offset">First byte in the tensor.</param>
/// <param name="tile">Where to, filled completely.</param>
internal delegate void FillTile(long offset, Span<byte> tile);

/// <summary>
/// Writes a tensor a tile after the other, while other threads fill those that follow: reading and computing take place
/// beside writing, with a few tiles in memory.
/// </summary>
internal static class OrderedTiles
{
    /// <summary>Tiles that are filled or waiting: more would only take memory, as one thread writes.</summary>
    public const int Ahead = 4;

    /// <summary>Writes a tensor.</summary>
    /// <param name="stream">Where to.</param>
    /// <param name="advance">Called with the number of bytes after each tile; may throw to cancel.</param>
    /// <param name="length">Size of the tensor in bytes.</param>
    /// <param name="tileBytes">Size of a tile in bytes; the last may be smaller.</param>
    /// <param name="fill">Called for each tile, several at once.</param>
    public static void Write(Stream stream, Action<long> advance, long length, int tileBytes, FillTile fill)
    {
        var pending = new Queue<(Task Filling, byte[] Buffer, int Size)>();
        var next = 0L;
        void Start(byte[] buffer)
        {
            var (offset, size) = (next, (int)Math.Min(tileBytes, length - next));
            pending.Enqueue((Task.Run(() => fill(offset, buffer.AsSpan(0, size))), buffer, size));
            next += size;
        }

        try
        {
            while (pending.Count < Ahead && next < length)
            {
                Start(ArrayPool<byte>.Shared.Rent((int)Math.Min(tileBytes, length)));
            }

            while (pending.TryPeek(out var tile))
            {
                tile.Filling.GetAwaiter().GetResult();
                stream.Write(tile.Buffer, 0, tile.Size);
                pending.Dequeue();
                advance(tile.Size);
                if (next < length)
                {
                    Start(tile.Buffer);
                }
                else
                {
                    ArrayPool<byte>.Shared.Return(tile.Buffer);
                }
            }
        }
        finally
        {
            // What fills a tile reads from the checkpoint, which the caller may close after this.
            foreach (var tile in pending)
            {
                ((IAsyncResult)tile.Filling).AsyncWaitHandle.WaitOne();
            }
        }
    }
}
