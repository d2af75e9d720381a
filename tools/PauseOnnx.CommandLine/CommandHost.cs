using System.CommandLine;
using System.Text.RegularExpressions;

namespace PauseOnnx.CommandLine;

/// <summary>
/// Runs a command line the same way in every PauseOnnx program: one line on error, the stack trace only with
/// <c>--verbose</c>, and Ctrl-C as a cancellation that the command finishes in its own time.
/// </summary>
public static partial class CommandHost
{
    /// <summary>The command did what was asked.</summary>
    public const int Success = 0;

    /// <summary>The command failed; one line on standard error says why.</summary>
    public const int Failure = 1;

    /// <summary>The user pressed Ctrl-C.</summary>
    public const int Cancelled = 130;

    private static readonly Option<bool> Verbose = new("--verbose")
    {
        Description = "On error, print the stack trace too.",
        Recursive = true,
    };

    /// <summary>Parses and runs.</summary>
    /// <param name="root">The program's commands.</param>
    /// <param name="args">The program's arguments.</param>
    /// <param name="cancellationToken">Cancels as Ctrl-C does.</param>
    /// <returns>The process's exit code: <see cref="Success"/>, <see cref="Failure"/> or <see cref="Cancelled"/>.</returns>
    public static async Task<int> RunAsync(RootCommand root, string[] args, CancellationToken cancellationToken = default)
    {
        root.Options.Add(Verbose);
        var parsed = root.Parse(args);
        if (parsed.Errors.Count > 0)
        {
            return Fail(string.Join(" ", parsed.Errors.Select(e => NameTypePlainly(e.Message))) + " Run with --help to see what is expected.");
        }

        try
        {
            // No time limit after Ctrl-C: a command ends its step and leaves its files whole.
            var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = Timeout.InfiniteTimeSpan };
            return await parsed.InvokeAsync(configuration, cancellationToken).ConfigureAwait(false);
        }
        catch (OperationCanceledException e)
        {
            await Console.Error.WriteLineAsync(e is CommandCancelledException ? e.Message : "Cancelled; earlier results are as they were.").ConfigureAwait(false);
            return Cancelled;
        }
        catch (Exception e) when (!parsed.GetValue(Verbose))
        {
            return Fail(Describe(e));
        }
        catch (Exception e)
        {
            return Fail(e.ToString());
        }
    }

    // A parameter of a method is not what the user typed.
    private static string Describe(Exception e) =>
        (e is ArgumentException { ParamName: { } name } ? e.Message.Replace($" (Parameter '{name}')", "", StringComparison.Ordinal) : e.Message).ReplaceLineEndings(" ");

    // The parser names .NET types, which mean nothing to a user of the command line, and puts each word of a list on a line.
    private static string NameTypePlainly(string message) => WhiteSpace().Replace(
        ExpectedType().Replace(message, match => match.Groups["type"].Value == "Double" ? "; expected a number" : "; expected a whole number"), " ").Trim();

    [GeneratedRegex(@" as expected type '[^']*\b(?<type>Int32|Int64|Double)\b[^']*'")]
    private static partial Regex ExpectedType();

    [GeneratedRegex(@"\s+")]
    private static partial Regex WhiteSpace();

    private static int Fail(string message)
    {
        Console.Error.WriteLine($"error: {message}");
        return Failure;
    }
}
