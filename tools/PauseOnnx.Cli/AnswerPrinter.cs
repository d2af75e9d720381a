using PauseOnnx.CommandLine;

namespace PauseOnnx.Cli;

/// <summary>Prints an answer as it comes.</summary>
internal static class AnswerPrinter
{
    /// <summary>Prints pieces of text.</summary>
    /// <exception cref="CommandCancelledException">The user pressed Ctrl-C; the line is ended.</exception>
    public static async Task PrintAsync(IAsyncEnumerable<string> pieces)
    {
        try
        {
            await foreach (var piece in pieces.ConfigureAwait(false))
            {
                Console.Write(piece);
            }
        }
        catch (OperationCanceledException)
        {
            Console.WriteLine();
            throw new CommandCancelledException("Cancelled; the answer is not complete.");
        }
    }
}
