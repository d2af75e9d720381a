using System.Text;

namespace PauseOnnx.Trainer;

/// <summary>The text files of a corpus, one document each.</summary>
/// <param name="Files">Full paths with their sizes in bytes, in the order of the given paths and, inside a folder, by name.</param>
/// <param name="Skipped">Why files were left out, with their number: <c>binary</c>, <c>not UTF-8</c>, <c>empty</c>.</param>
internal sealed record Corpus(IReadOnlyList<(string Path, long Bytes)> Files, IReadOnlyDictionary<string, int> Skipped)
{
    // In UTF-16 units.
    private const int ChunkLength = 1 << 18;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private static readonly EnumerationOptions Visible = new()
    {
        RecurseSubdirectories = true,

        // A link can lead out of the folder, back into it, or to a file that is counted anyway.
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
        IgnoreInaccessible = false,
    };

    /// <summary>Size of all files in bytes.</summary>
    public long Bytes => Files.Sum(f => f.Bytes);

    /// <summary>Finds the text files: those given, and all below the folders given but hidden ones and links.</summary>
    /// <param name="paths">Files and folders.</param>
    /// <param name="excluded">A folder whose files are left out even when it lies inside another: the one to be written.</param>
    /// <param name="cancellationToken">Looked at before each file.</param>
    /// <exception cref="IOException">A path does not exist or cannot be read.</exception>
    public static Corpus Find(IEnumerable<string> paths, string excluded, CancellationToken cancellationToken)
    {
        var files = new List<(string, long)>();
        var skipped = new SortedDictionary<string, int>();
        var outside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(excluded)) + Path.DirectorySeparatorChar;
        foreach (var file in paths.SelectMany(List).Distinct().Where(f => !f.StartsWith(outside, StringComparison.Ordinal)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (WhyNotText(file) is { } reason)
            {
                skipped[reason] = skipped.GetValueOrDefault(reason) + 1;
            }
            else
            {
                files.Add((file, new FileInfo(file).Length));
            }
        }

        return new Corpus(files, skipped);
    }

    /// <summary>A file's text in chunks of some hundred kilobytes, cut before a space wherever there is one.</summary>
    /// <remarks>No token of the usual pre-tokenizers begins before a space and goes on behind it, so that a cut there changes none.</remarks>
    /// <exception cref="DecoderFallbackException">The file is not UTF-8.</exception>
    public static IEnumerable<string> ReadChunks(string file)
    {
        using var reader = new StreamReader(file, StrictUtf8, detectEncodingFromByteOrderMarks: false, ChunkLength);
        var buffer = new char[ChunkLength];
        var (kept, isFirst) = (0, true);
        while (true)
        {
            var length = kept + reader.ReadBlock(buffer, kept, buffer.Length - kept);
            if (length == 0)
            {
                yield break;
            }

            var cut = length < buffer.Length ? length : FindCut(buffer);
            var bom = isFirst && buffer[0] == '\uFEFF' ? 1 : 0;
            if (cut > bom)
            {
                yield return new string(buffer, bom, cut - bom);
            }

            kept = length - cut;
            buffer.AsSpan(cut, kept).CopyTo(buffer);
            isFirst = false;
        }
    }

    private static IEnumerable<string> List(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            return Directory.EnumerateFiles(full, "*", Visible).Order(StringComparer.Ordinal);
        }

        return File.Exists(full) ? [full] : throw new FileNotFoundException($"'{path}' does not exist; expected a text file or a folder.");
    }

    private static string? WhyNotText(string file)
    {
        // Pipes and devices have no length either, and are not opened.
        if (new FileInfo(file).Length == 0)
        {
            return "empty";
        }

        try
        {
            foreach (var chunk in ReadChunks(file))
            {
                if (chunk.Contains('\0', StringComparison.Ordinal))
                {
                    return "binary";
                }
            }

            return null;
        }
        catch (DecoderFallbackException)
        {
            return "not UTF-8";
        }
    }

    private static int FindCut(ReadOnlySpan<char> text)
    {
        for (var i = text.Length - 1; i > 0; i--)
        {
            if (text[i] == ' ' && !char.IsWhiteSpace(text[i - 1]))
            {
                return i;
            }
        }

        return char.IsHighSurrogate(text[^1]) ? text.Length - 1 : text.Length;
    }
}
