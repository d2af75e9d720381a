namespace PauseOnnx.Cli;

/// <summary>Asks for lines, at a terminal or from what is piped.</summary>
internal static class LineReader
{
    /// <summary>Handles line after line until an empty one or the end of the input. A fault of one line does not end the rest.</summary>
    /// <param name="greeting">Printed first, at a terminal.</param>
    /// <param name="handle">What to do with a line.</param>
    /// <param name="cancellationToken">Ends between two lines.</param>
    public static async Task ForEachAsync(string greeting, Func<string, Task> handle, CancellationToken cancellationToken)
    {
        if (!Console.IsInputRedirected)
        {
            Console.WriteLine(greeting);
        }

        while (!cancellationToken.IsCancellationRequested && Read() is { Length: > 0 } line)
        {
            try
            {
                await handle(line).ConfigureAwait(false);
            }
            catch (Exception e) when (e is ArgumentException or FormatException)
            {
                await Console.Error.WriteLineAsync(e.Message).ConfigureAwait(false);
            }
        }
    }

    private static string? Read()
    {
        if (!Console.IsInputRedirected)
        {
            Console.Write("> ");
        }

        return Console.In.ReadLine();
    }
}
