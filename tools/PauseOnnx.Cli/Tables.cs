using Spectre.Console;

namespace PauseOnnx.Cli;

/// <summary>Tables as every command draws them.</summary>
internal static class Tables
{
    /// <summary>A table with a title and headers; rows are markup.</summary>
    public static Table New(string title, params string[] columns) =>
        new Table().Title($"[bold]{Markup.Escape(title)}[/]").AddColumns(columns).Border(TableBorder.Rounded);

    /// <summary>Names with their values, as plain text.</summary>
    public static Table Properties(string title, params (string Name, string Value)[] rows)
    {
        var table = New(title, "", "").HideHeaders();
        foreach (var (name, value) in rows)
        {
            table.AddRow(name, Markup.Escape(value));
        }

        return table;
    }

    /// <summary>Prints tables, an empty line after each.</summary>
    public static void Print(IEnumerable<Table> tables)
    {
        var console = AnsiConsole.Create(new AnsiConsoleSettings { Out = new AnsiConsoleOutput(Console.Out) });
        foreach (var table in tables)
        {
            console.Write(table);
            console.WriteLine();
        }
    }
}
