namespace PauseOnnx.Benchmarks;

/// <summary>A table of a document in Markdown.</summary>
/// <param name="columns">Headings, from left to right.</param>
internal sealed class MarkdownTable(params string[] columns)
{
    private readonly List<string[]> _rows = [];

    /// <summary>The table, a line each.</summary>
    public IEnumerable<string> Lines => [Line(columns), $"|{string.Concat(columns.Select(_ => "---|"))}", .. _rows.Select(Line)];

    /// <summary>Adds a row.</summary>
    /// <exception cref="ArgumentException">It has not a cell for each column.</exception>
    public void Add(params string[] cells)
    {
        if (cells.Length != columns.Length)
        {
            throw new ArgumentException($"The row has {cells.Length} cells; expected {columns.Length}, one a column.", nameof(cells));
        }

        _rows.Add(cells);
    }

    /// <summary>Prints a document, and writes it where a file is given.</summary>
    public static void Publish(IEnumerable<string> lines, string? file)
    {
        var text = string.Join('\n', lines) + "\n";
        Console.Write(text);
        if (file is not null)
        {
            File.WriteAllText(file, text);
        }
    }

    private static string Line(string[] cells) => $"| {string.Join(" | ", cells)} |";
}
