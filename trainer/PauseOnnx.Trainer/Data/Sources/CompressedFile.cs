using PauseOnnx.Model;
using ZstdSharp;

namespace PauseOnnx.Trainer;

/// <summary>Opens files that may be compressed with gzip (.gz) or Zstandard (.zst).</summary>
internal static class CompressedFile
{
    private const int BufferSize = 1 << 20;

    /// <summary>A file's name without the suffix of its compression.</summary>
    public static string WithoutSuffix(string file) => IsGzip(file) || IsZstandard(file) ? Path.ChangeExtension(file, null) : file;

    /// <summary>Opens a file for one pass over its decompressed bytes.</summary>
    /// <param name="file">The file.</param>
    /// <param name="position">Tells how many bytes of the file have been read, for a progress bar.</param>
    /// <exception cref="IOException">The file cannot be read.</exception>
    public static Stream Open(string file, out Func<long> position)
    {
        var stream = new FileStream(file, FileMode.Open, FileAccess.Read, FileShare.Read, BufferSize, FileOptions.SequentialScan);
        position = () => stream.CanRead ? stream.Position : 0;
        return IsGzip(file) ? new CheckedStream(new GzipStream(stream), file, "gzip")
            : IsZstandard(file) ? new CheckedStream(new DecompressionStream(stream, leaveOpen: false), file, "Zstandard")
            : stream;
    }

    private static bool IsGzip(string file) => file.EndsWith(".gz", StringComparison.OrdinalIgnoreCase);

    private static bool IsZstandard(string file) => file.EndsWith(".zst", StringComparison.OrdinalIgnoreCase);

    /// <summary>Turns the decompressors' own exceptions into one that names the file.</summary>
    private sealed class CheckedStream(Stream inner, string file, string kind) : ReadOnlyStream
    {
        public override int Read(Span<byte> buffer)
        {
            try
            {
                return inner.Read(buffer);
            }
            catch (Exception e) when (e is InvalidDataException or EndOfStreamException or ZstdException)
            {
                throw new ModelFormatException($"The file is damaged or cut off; expected whole {kind} data, so copy or download it again ({file}).", e);
            }
        }

        protected override void Dispose(bool disposing)
        {
            inner.Dispose();
            base.Dispose(disposing);
        }
    }
}
