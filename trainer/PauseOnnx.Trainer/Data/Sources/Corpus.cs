using Microsoft.Extensions.FileSystemGlobbing;

namespace PauseOnnx.Trainer;

/// <summary>The source files of a corpus.</summary>
/// <param name="Files">In the order of the given paths and, inside a folder or pattern, by name.</param>
/// <param name="Skipped">Why files were left out, with their number: <c>binary</c>, <c>not UTF-8</c>, <c>empty</c>.</param>
internal sealed record Corpus(IReadOnlyList<SourceFile> Files, IReadOnlyDictionary<string, int> Skipped)
{
    private static readonly EnumerationOptions Visible = new()
    {
        RecurseSubdirectories = true,

        // A link can lead out of the folder, back into it, or to a file that is counted anyway.
        AttributesToSkip = FileAttributes.Hidden | FileAttributes.System | FileAttributes.ReparsePoint,
        IgnoreInaccessible = false,
    };

    /// <summary>Size of all files in bytes, as they are on the disk.</summary>
    public long Bytes => Files.Sum(f => f.Bytes);

    /// <summary>
    /// Finds the source files: those given, all below the folders given but hidden ones and links, and among those the ones
    /// that match a pattern given.
    /// </summary>
    /// <param name="paths">Files, folders, and patterns with <c>*</c> for a part of a name and <c>**</c> for any folders.</param>
    /// <param name="excluded">A folder whose files are left out even when it lies inside another: the one to be written.</param>
    /// <param name="cancellationToken">Looked at before each file.</param>
    /// <exception cref="PauseOnnx.Model.ModelFormatException">A compressed file is broken.</exception>
    /// <exception cref="IOException">A path does not exist or cannot be read, or a pattern matches nothing.</exception>
    public static Corpus Find(IEnumerable<string> paths, string excluded, CancellationToken cancellationToken)
    {
        var files = new List<SourceFile>();
        var skipped = new SortedDictionary<string, int>();
        var outside = Path.TrimEndingDirectorySeparator(Path.GetFullPath(excluded)) + Path.DirectorySeparatorChar;
        foreach (var file in paths.SelectMany(List).Distinct().Where(f => !f.StartsWith(outside, StringComparison.Ordinal)))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var info = new FileInfo(file);

            // Pipes and devices have no length either, and are not opened.
            if (info.Length == 0)
            {
                Skip("empty");
                continue;
            }

            var format = DocumentFormats.Of(file);
            if (format is TextFormat && TextFormat.WhyNotText(file) is { } reason)
            {
                Skip(reason);
            }
            else
            {
                files.Add(new SourceFile(file, info.Length, info.LastWriteTimeUtc, format));
            }
        }

        return new Corpus(files, skipped);

        void Skip(string reason) => skipped[reason] = skipped.GetValueOrDefault(reason) + 1;
    }

    private static IEnumerable<string> List(string path)
    {
        var full = Path.GetFullPath(path);
        if (Directory.Exists(full))
        {
            return ListFolder(full);
        }

        if (File.Exists(full))
        {
            return [full];
        }

        return full.Contains('*', StringComparison.Ordinal)
            ? ListPattern(full, path)
            : throw new FileNotFoundException($"'{path}' does not exist; expected a file, a folder, or a pattern such as 'data/**/*.jsonl.gz' in quotes.");
    }

    private static IOrderedEnumerable<string> ListFolder(string folder) => Directory.EnumerateFiles(folder, "*", Visible).Order(StringComparer.Ordinal);

    private static List<string> ListPattern(string full, string path)
    {
        var folder = full;
        while (folder.Contains('*', StringComparison.Ordinal))
        {
            folder = Path.GetDirectoryName(folder)!;
        }

        var matcher = new Matcher(StringComparison.Ordinal).AddInclude(Path.GetRelativePath(folder, full));
        var matches = Directory.Exists(folder) ? ListFolder(folder).Where(f => matcher.Match(folder, f).HasMatches).ToList() : [];
        return matches.Count > 0 ? matches : throw new FileNotFoundException($"'{path}' matches no file; expected a pattern such as 'data/**/*.jsonl.gz', with * inside a name and ** for any folders.");
    }
}

/// <summary>A file of a corpus.</summary>
/// <param name="Path">Full path.</param>
/// <param name="Bytes">Its size on the disk.</param>
/// <param name="Modified">When it was last written, UTC.</param>
/// <param name="Format">How its documents are read.</param>
internal sealed record SourceFile(string Path, long Bytes, DateTime Modified, IDocumentFormat Format);
