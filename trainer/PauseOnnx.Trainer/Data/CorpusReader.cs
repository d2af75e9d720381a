namespace PauseOnnx.Trainer;

/// <summary>A place in a corpus.</summary>
/// <param name="File">Number of files that lie wholly before it.</param>
/// <param name="Part">Number of parts of the next file that lie before it.</param>
internal readonly record struct CorpusPosition(int File, long Part);

/// <summary>Documents and parts of documents that are encoded together.</summary>
/// <param name="Parts">In order, each with the path of its file.</param>
/// <param name="End">Where the next batch begins.</param>
/// <param name="SourceBytes">Bytes of the corpus, as it is on the disk, that have been read up to here.</param>
internal sealed record CorpusBatch(IReadOnlyList<(string File, DocumentPart Part)> Parts, CorpusPosition End, long SourceBytes);

/// <summary>Reads a corpus in one pass.</summary>
internal static class CorpusReader
{
    // Takes a worker about a hundredth of a second: enough to hide what handing it over costs.
    private const int BatchSize = 1 << 17;

    /// <summary>Cuts a corpus into batches; the same ones whenever a batch begins at <paramref name="start"/>.</summary>
    /// <param name="corpus">The files.</param>
    /// <param name="textField">Name of the field or column that holds the text, where a format has such.</param>
    /// <param name="start">The end of an earlier batch, or the beginning.</param>
    /// <exception cref="PauseOnnx.Model.ModelFormatException">A file is not of its format.</exception>
    /// <exception cref="IOException">A file cannot be read.</exception>
    public static IEnumerable<CorpusBatch> Read(Corpus corpus, string textField, CorpusPosition start = default)
    {
        var (parts, size) = (new List<(string, DocumentPart)>(), 0L);
        var finished = corpus.Files.Take(start.File).Sum(f => f.Bytes);
        for (var f = start.File; f < corpus.Files.Count; f++)
        {
            var file = corpus.Files[f];
            using var content = CompressedFile.Open(file.Path, out var position);
            var number = 0L;
            foreach (var part in file.Format.Read(content, file.Path, textField))
            {
                number++;
                if (f == start.File && number <= start.Part)
                {
                    continue;
                }

                parts.Add((file.Path, part));
                size += part.Size;
                if (size >= BatchSize)
                {
                    yield return new CorpusBatch(parts, new CorpusPosition(f, number), finished + position());
                    (parts, size) = ([], 0);
                }
            }

            finished += file.Bytes;
        }

        if (parts.Count > 0)
        {
            yield return new CorpusBatch(parts, new CorpusPosition(corpus.Files.Count, 0), finished);
        }
    }
}
